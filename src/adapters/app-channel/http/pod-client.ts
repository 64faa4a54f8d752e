import type { Endpoint } from '../../../proxy/delivery.ts';
import type { AppChannelLimits } from '../app-channel-options.ts';
import type { Exchanged } from '../exchanged.ts';
import { PodConnections } from './pod-connections.ts';
import type { PodRequest } from './pod-exchange.ts';
import type { PodAnswer } from './response-parser.ts';

/** Asks pods, over connections that are used again. */
export class PodClient {
  readonly #limits: AppChannelLimits;
  readonly #onUnconnected: (endpoint: Endpoint) => void;
  readonly #pods = new Map<Endpoint, PodConnections>();

  /** @param onUnconnected told when the last connection to a pod is gone */
  constructor(limits: AppChannelLimits, onUnconnected: (endpoint: Endpoint) => void) {
    this.#limits = limits;
    this.#onUnconnected = onUnconnected;
  }

  exchange(endpoint: Endpoint, request: PodRequest): Promise<Exchanged<PodAnswer>> {
    let connections = this.#pods.get(endpoint);
    if (connections === undefined) {
      connections = new PodConnections(endpoint, this.#limits, () => this.#onUnconnected(endpoint));
      this.#pods.set(endpoint, connections);
    }
    return connections.exchange(request);
  }

  /** The pod is gone: what is in flight goes on, and its connections close when idle. */
  forget(endpoint: Endpoint): void {
    this.#pods.get(endpoint)?.forget();
    this.#pods.delete(endpoint);
  }

  /** Closes every connection, whatever is in flight. */
  close(): void {
    for (const connections of this.#pods.values()) connections.close();
    this.#pods.clear();
  }
}

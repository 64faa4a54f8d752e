import type { Endpoint } from '../../../proxy/delivery.ts';
import { PodSessions } from './pod-sessions.ts';

/** The connections to all pods. */
export class PodPool {
  readonly #connectTimeoutMs: number;
  readonly #pods = new Map<Endpoint, PodSessions>();

  constructor(connectTimeoutMs: number) {
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  of(endpoint: Endpoint): PodSessions {
    const known = this.#pods.get(endpoint);
    if (known !== undefined) return known;
    const sessions = new PodSessions(endpoint, this.#connectTimeoutMs);
    this.#pods.set(endpoint, sessions);
    return sessions;
  }

  forget(endpoint: Endpoint): void {
    this.#pods.get(endpoint)?.forget();
    this.#pods.delete(endpoint);
  }

  /** Closes every connection, whatever is in flight. */
  close(): void {
    for (const sessions of this.#pods.values()) sessions.close();
    this.#pods.clear();
  }
}

import type { Endpoint } from '../../../proxy/delivery.ts';
import type { AppChannelLimits } from '../app-channel-options.ts';
import type { Exchanged } from '../exchanged.ts';
import { Keepalive } from '../keepalive.ts';
import { knockAt, knockTimes } from './knock.ts';
import { type ConnectionKeeper, PodConnection } from './pod-connection.ts';
import { PodExchange, type PodRequest } from './pod-exchange.ts';
import type { PodAnswer } from './response-parser.ts';

/**
 * Connections that may be coming about at a time: less than a listener's backlog, so
 * that a burst of events does not make a pod look as if it were away.
 */
const openingMax = 64;

/** How often connections that were idle for too long are looked for. */
const sweepMs = 2_000;

/** The connections to one pod: used again, latest first, and as many as exchanges at a time need. */
export class PodConnections implements ConnectionKeeper {
  readonly #endpoint: Endpoint;
  readonly #limits: AppChannelLimits;
  readonly #onUnconnected: () => void;
  readonly #keepalive: Keepalive;
  readonly #all = new Set<PodConnection>();
  readonly #opening = new Set<PodConnection>();
  /** The one idle for longest first. */
  #idle: PodConnection[] = [];
  /** Exchanges that wait for a connection. */
  readonly #queue: PodExchange[] = [];
  #isForgotten = false;
  #sweeper: NodeJS.Timeout | undefined;

  /** @param onUnconnected told when the last connection is gone, and so perhaps the program behind it */
  constructor(
    endpoint: Endpoint,
    limits: AppChannelLimits,
    onUnconnected: () => void,
    times = knockTimes,
    ping = knockAt(endpoint, times.pingTimeoutMs),
  ) {
    this.#endpoint = endpoint;
    this.#limits = limits;
    this.#onUnconnected = onUnconnected;
    this.#keepalive = new Keepalive(
      ping,
      times,
      () => this.#isAwaited,
      () => this.#vanished(),
    );
  }

  exchange(request: PodRequest): Promise<Exchanged<PodAnswer>> {
    const exchange = new PodExchange(request);
    if (exchange.isSettled) return exchange.result;
    const connection = this.#takeIdle();
    if (connection === undefined) {
      this.#queue.push(exchange);
      this.#openMore();
    } else {
      connection.carry(exchange);
    }
    return exchange.result;
  }

  ready(connection: PodConnection): void {
    this.#opening.delete(connection);
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (next.isSettled) continue;
      connection.carry(next);
      return;
    }
    if (this.#isForgotten) {
      connection.close();
      return;
    }
    this.#idle.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), sweepMs).unref();
  }

  heard(): void {
    this.#keepalive.heard();
  }

  failed(connection: PodConnection, cause: string): void {
    this.#opening.delete(connection);
    this.#remove(connection);
    // Those behind it would fail one after another; another pod may have them now.
    for (const exchange of this.#queue.splice(0)) exchange.settle({ result: 'unreached', cause });
  }

  closed(connection: PodConnection): void {
    this.#remove(connection);
    if (this.#all.size === 0) this.#onUnconnected();
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    if (!this.#isForgotten) this.#openMore();
  }

  /** No pod is there any more: connections close as they become idle. */
  forget(): void {
    this.#isForgotten = true;
    this.#closeIdle();
    if (this.#isAwaited) this.#keepalive.probe();
  }

  /** Closes all, whatever is in flight. */
  close(): void {
    this.#isForgotten = true;
    const cause = 'the proxy has ended';
    for (const exchange of this.#queue.splice(0)) exchange.settle({ result: 'unreached', cause });
    for (const connection of this.#all) connection.close();
    this.#closeIdle();
  }

  /** Whether an exchange is under way on any connection. */
  get #isAwaited(): boolean {
    return this.#all.size > this.#idle.length + this.#opening.size;
  }

  /** With its node, or its network: nothing else will ever be heard of it. */
  #vanished(): void {
    for (const connection of [...this.#all]) connection.lose('the pod has vanished');
  }

  #remove(connection: PodConnection): void {
    this.#all.delete(connection);
    if (this.#all.size === 0) this.#keepalive.stop();
  }

  #takeIdle(): PodConnection | undefined {
    const now = performance.now();
    for (let latest = this.#idle.pop(); latest !== undefined; latest = this.#idle.pop()) {
      if (latest.isUsable && latest.usableUntil > now) return latest;
      latest.close();
    }
    return undefined;
  }

  /** One connection for each exchange that waits, but not all at a time. */
  #openMore(): void {
    while (this.#opening.size < Math.min(openingMax, this.#queue.length)) {
      if (this.#all.size === 0) this.#keepalive.start();
      const connection = new PodConnection(this.#endpoint, this.#limits, this);
      this.#all.add(connection);
      this.#opening.add(connection);
    }
  }

  #sweep(): void {
    const now = performance.now();
    const [kept, expired]: [PodConnection[], PodConnection[]] = [[], []];
    for (const connection of this.#idle) {
      (connection.usableUntil > now ? kept : expired).push(connection);
    }
    this.#idle = kept;
    for (const connection of expired) connection.close();
    if (kept.length === 0) this.#stopSweeping();
  }

  #closeIdle(): void {
    this.#stopSweeping();
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  #stopSweeping(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}

import { type Chance, chooseEndpoint } from '../rules/delivery/choose-endpoint.ts';
import { endpointName, type HostAndPort } from '../rules/delivery/read-endpoint.ts';
import { refusalBackoffMs } from '../rules/delivery/refusal-backoff.ts';
import type { Delivery, Endpoint } from './delivery.ts';

/** An endpoint, and what is known of it. Times are of the monotonic clock. */
export interface PooledEndpoint {
  readonly endpoint: Endpoint;
  readonly inFlight: number;
  /** Refusals in a row. */
  readonly refusals: number;
  /** Until when nothing is given to it. */
  readonly asideUntil: number;
}

export interface EndpointPoolOptions {
  /** How long it may take until it is known that a pod cannot be reached. */
  readonly connectTimeoutMs: number;
  /** Told of endpoints that are gone for good. */
  readonly onGone: (endpoint: Endpoint) => void;
  readonly chance?: Chance;
}

/** Beside the time for a connection, what it takes to hear of it on a busy machine. */
const trialMarginMs = 100;

class Pooled implements PooledEndpoint {
  readonly endpoint: Endpoint;
  inFlight = 0;
  refusals = 0;
  asideUntil = 0;
  /** When it was set aside last. */
  refusedAt = 0;
  /** Whether one delivery is on its way to see whether it still refuses. */
  isOnTrial = false;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  mayGet(delivery: Delivery<unknown>, now: number): boolean {
    return this.asideUntil <= now && delivery.suits?.(this.endpoint) !== false;
  }
}

/** The pods that there are, how much each has in flight, and which are left alone for a while. */
export class EndpointPool {
  #all: readonly Pooled[] = [];
  readonly #options: EndpointPoolOptions;
  readonly #chance: Chance;

  constructor(options: EndpointPoolOptions) {
    this.#options = options;
    this.#chance = options.chance ?? Math.random;
  }

  get endpoints(): readonly PooledEndpoint[] {
    return this.#all;
  }

  /** The endpoints that there are now. One that was there before stays what it is. */
  update(found: readonly HostAndPort[]): void {
    const before = new Map(this.#all.map((pooled) => [pooled.endpoint.name, pooled]));
    const now = new Map<string, Pooled>();
    for (const { host, port } of found) {
      const name = endpointName({ host, port });
      now.set(name, before.get(name) ?? new Pooled({ host, port, name }));
    }
    this.#all = [...now.values()];
    for (const [name, { endpoint }] of before) if (!now.has(name)) this.#options.onGone(endpoint);
  }

  /**
   * Chooses an endpoint for a delivery and counts it as in flight there.
   *
   * One that refused is tried with one delivery first: it stays set aside for others
   * as long as it may take to hear that it still refuses.
   */
  take(delivery: Delivery<unknown>): PooledEndpoint | undefined {
    const now = performance.now();
    const chosen = chooseEndpoint(this.#candidates(delivery, now), this.#chance);
    if (chosen === undefined) return undefined;
    chosen.inFlight += 1;
    if (chosen.refusals > 0) {
      // The one that was to find out was not refused in time: the pod is there, and slow.
      if (chosen.isOnTrial) this.#welcome(chosen);
      else {
        chosen.isOnTrial = true;
        chosen.asideUntil = now + this.#options.connectTimeoutMs + trialMarginMs;
      }
    }
    return chosen;
  }

  /** Whether there are pods, and each is known not to take it. */
  isUnsuited(delivery: Delivery<unknown>): boolean {
    return (
      this.#all.length > 0 &&
      this.#all.every(({ endpoint }) => delivery.suits?.(endpoint) === false)
    );
  }

  /** Whether anything could be given to any endpoint now. */
  get isAnyAvailable(): boolean {
    const now = performance.now();
    return this.#all.some(({ asideUntil }) => asideUntil <= now);
  }

  /** The pod had it. @returns whether it is there again for others */
  reached(taken: PooledEndpoint): boolean {
    const pooled = taken as Pooled;
    pooled.inFlight -= 1;
    if (pooled.refusals === 0) return false;
    this.#welcome(pooled);
    return true;
  }

  /**
   * The pod could not be reached.
   *
   * @param startedAt when the attempt began: those that were on their way together
   *   are one refusal
   */
  unreached(taken: PooledEndpoint, startedAt: number): void {
    const pooled = taken as Pooled;
    pooled.inFlight -= 1;
    if (pooled.refusals > 0 && startedAt <= pooled.refusedAt) return;
    pooled.refusals += 1;
    pooled.isOnTrial = false;
    pooled.refusedAt = performance.now();
    pooled.asideUntil = pooled.refusedAt + refusalBackoffMs(pooled.refusals, this.#chance);
  }

  /** When an endpoint that is set aside comes back next, by the monotonic clock. */
  get nextReturnAt(): number | undefined {
    const now = performance.now();
    let next: number | undefined;
    for (const { asideUntil } of this.#all) {
      if (asideUntil > now && (next === undefined || asideUntil < next)) next = asideUntil;
    }
    return next;
  }

  /** Mostly all of them, and then no list is made. */
  #candidates(delivery: Delivery<unknown>, now: number): readonly Pooled[] {
    for (const pooled of this.#all) {
      if (!pooled.mayGet(delivery, now)) {
        return this.#all.filter((candidate) => candidate.mayGet(delivery, now));
      }
    }
    return this.#all;
  }

  #welcome(pooled: Pooled): void {
    pooled.refusals = 0;
    pooled.asideUntil = 0;
    pooled.isOnTrial = false;
  }
}

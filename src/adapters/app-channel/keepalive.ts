export interface KeepaliveTimes {
  /** How often it is looked whether a pod that works on something was heard of. */
  readonly silenceMs: number;
  /**
   * Between PINGs that have nothing between them. gRPC servers end a connection whose client
   * sends them more often than each 5 minutes while they have nothing to say (grpc/grpc,
   * doc/keepalive.md); the first after headers or data is none too many.
   */
  readonly pingsApartMs: number;
  /** How long a pod may take to answer a PING, however busy it is. */
  readonly pingTimeoutMs: number;
}

export const defaultKeepalive: KeepaliveTimes = {
  silenceMs: 20_000,
  pingsApartMs: 310_000,
  pingTimeoutMs: 20_000,
};

/** Sends a PING. What it is given is called with null when that is answered. */
export type Ping = (answered: (error: Error | null) => void) => void;

/**
 * Notices that a pod has vanished without a word, with its node or its network, while
 * something waits for its answer. TCP does so where all that was sent was acknowledged;
 * where it was not, it goes on sending for a quarter of an hour.
 */
export class Keepalive {
  readonly #ping: Ping;
  readonly #times: KeepaliveTimes;
  readonly #isAwaited: () => boolean;
  readonly #vanished: () => void;
  #look: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #wasHeard = true;
  /** Milliseconds of the monotonic clock; undefined where the pod was heard since. */
  #lastPing: number | undefined;

  /**
   * @param isAwaited whether anybody waits for the pod
   * @param vanished told when a PING stays without an answer
   */
  constructor(ping: Ping, times: KeepaliveTimes, isAwaited: () => boolean, vanished: () => void) {
    this.#ping = ping;
    this.#times = times;
    this.#isAwaited = isAwaited;
    this.#vanished = vanished;
  }

  start(): void {
    this.#look = setInterval(() => this.#lookAround(), this.#times.silenceMs).unref();
  }

  stop(): void {
    clearInterval(this.#look);
    clearTimeout(this.#deadline);
  }

  /** The pod sent headers or data, or has only now been asked something. */
  heard(): void {
    this.#wasHeard = true;
  }

  /** Asks at once. */
  probe(): void {
    if (this.#deadline !== undefined) return;
    this.#lastPing = performance.now();
    this.#deadline = setTimeout(this.#vanished, this.#times.pingTimeoutMs).unref();
    this.#ping((error) => {
      if (error !== null) return;
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
    });
  }

  #lookAround(): void {
    if (this.#wasHeard) {
      this.#wasHeard = false;
      this.#lastPing = undefined;
      return;
    }
    if (!this.#isAwaited()) return;
    const isTooSoon =
      this.#lastPing !== undefined && performance.now() - this.#lastPing < this.#times.pingsApartMs;
    if (!isTooSoon) this.probe();
  }
}

export interface KeepaliveTimes {
  /** How often it is looked whether a pod that works on something was heard of. */
  readonly silenceMs: number;
  /** Between PINGs that have nothing between them; the first after headers or data may come at any time. */
  readonly pingsApartMs: number;
  /** How long a pod may take to answer a PING, however busy it is. */
  readonly pingTimeoutMs: number;
}

/** Asks for a sign of life. What it is given is called with null when there is one. */
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

  /** It may be started again. */
  stop(): void {
    clearInterval(this.#look);
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#wasHeard = true;
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

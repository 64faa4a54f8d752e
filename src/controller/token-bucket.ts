export interface TokenBucketOptions {
  /** Tokens that come back per second; more than 0. */
  readonly perSecond: number;
  /** Tokens that a full bucket holds; at least 1. */
  readonly burst: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

/**
 * A rate limit with a burst: full at first, and refilled at a steady rate. It
 * keeps a single number, the time when it is full again, so that nothing drifts.
 */
export class TokenBucket {
  readonly #tokenMs: number;
  readonly #burstMs: number;
  readonly #now: () => number;
  #fullAtMs = Number.NEGATIVE_INFINITY;

  constructor({ perSecond, burst, now = () => performance.now() }: TokenBucketOptions) {
    this.#tokenMs = 1000 / perSecond;
    this.#burstMs = burst * this.#tokenMs;
    this.#now = now;
  }

  /** Takes a token in any case; returns how long to wait before it may be used, in milliseconds. */
  reserve(): number {
    const delayMs = this.waitMs();
    this.#take();
    return delayMs;
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    if (this.waitMs() > 0) return false;
    this.#take();
    return true;
  }

  /** How long until there is a token, in milliseconds; takes none. */
  waitMs(): number {
    const nowMs = this.#now();
    return Math.max(0, Math.max(this.#fullAtMs, nowMs) + this.#tokenMs - this.#burstMs - nowMs);
  }

  #take(): void {
    this.#fullAtMs = Math.max(this.#fullAtMs, this.#now()) + this.#tokenMs;
  }
}

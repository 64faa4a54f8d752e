/**
 * So often an object is written at once, making it included; each time after that
 * takes twice as long. More than a person does in one sitting, and soon over for a
 * program that undoes each write.
 */
export const freeWrites = 20;
const firstDelayMs = 1_000;
const longestDelayMs = 5 * 60_000;

/** Somebody who left an object alone for this long has stopped. */
const forgetAfterMs = 10 * 60_000;

/** From so many objects on, those that were left alone are forgotten. */
const leastSweepSize = 1_000;

interface Writes {
  readonly wanted: string;
  readonly count: number;
  readonly lastAtMs: number;
}

/**
 * Keeps the controller out of an endless argument: when somebody changes or
 * deletes an object each time it is put back, it is put back ever less often.
 */
export class RepairGuard {
  readonly #writes = new Map<string, Writes>();
  readonly #now: () => number;
  #sweepSize = leastSweepSize;

  /** @param now milliseconds on a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * How long to leave an object alone before it may be written again, in
   * milliseconds; 0 means now.
   *
   * @param wanted what is to be written; anything new may be written at once
   */
  delayMs(key: string, wanted: string): number {
    const before = this.#recent(key);
    if (before?.wanted !== wanted || before.count < freeWrites) return 0;
    const doublings = Math.min(before.count - freeWrites, 20);
    const pauseMs = Math.min(longestDelayMs, firstDelayMs * 2 ** doublings);
    return Math.max(0, before.lastAtMs + pauseMs - this.#now());
  }

  /** Takes note that it was made, or put back. */
  wrote(key: string, wanted: string): void {
    if (this.#writes.size >= this.#sweepSize) this.#sweep();
    const before = this.#recent(key);
    const count = before?.wanted === wanted ? before.count + 1 : 1;
    this.#writes.set(key, { wanted, count, lastAtMs: this.#now() });
  }

  /** Whether somebody keeps changing it, and did so lately. */
  isContested(key: string): boolean {
    return (this.#recent(key)?.count ?? 0) >= freeWrites;
  }

  forget(key: string): void {
    this.#writes.delete(key);
  }

  #sweep(): void {
    for (const key of this.#writes.keys()) {
      if (this.#recent(key) === undefined) this.#writes.delete(key);
    }
    // With this many written lately, to look through all of them at each write would take ever longer.
    this.#sweepSize = Math.max(leastSweepSize, 2 * this.#writes.size);
  }

  #recent(key: string): Writes | undefined {
    const before = this.#writes.get(key);
    if (before === undefined) return undefined;
    return this.#now() - before.lastAtMs < forgetAfterMs ? before : undefined;
  }
}

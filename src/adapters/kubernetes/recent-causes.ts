/** Long enough that a lasting trouble is no flood, short enough that a new one is told. */
const forgetAfterMs = 5 * 60_000;

/** From so many causes on, those that are old are forgotten. */
const sweepAt = 1_000;

/** Tells a cause of trouble that is new from one that was reported a short while ago. */
export class RecentCauses {
  readonly #reportedAtMs = new Map<string, number>();

  /** Whether to report it now; if so, it counts as reported. */
  isNew(cause: string, nowMs: number): boolean {
    const reportedAtMs = this.#reportedAtMs.get(cause);
    if (reportedAtMs !== undefined && nowMs - reportedAtMs < forgetAfterMs) return false;
    if (this.#reportedAtMs.size >= sweepAt) this.#sweep(nowMs);
    this.#reportedAtMs.set(cause, nowMs);
    return true;
  }

  #sweep(nowMs: number): void {
    for (const [cause, reportedAtMs] of this.#reportedAtMs) {
      if (nowMs - reportedAtMs >= forgetAfterMs) this.#reportedAtMs.delete(cause);
    }
  }
}

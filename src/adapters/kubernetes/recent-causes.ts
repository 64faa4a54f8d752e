/** Long enough that a lasting trouble is no flood, short enough that a new one is told. */
const forgetAfterMs = 5 * 60_000;

/** Tells a cause of trouble that is new from one that was reported a short while ago. */
export class RecentCauses {
  readonly #reportedAtMs = new Map<string, number>();

  /** Whether to report it now; if so, it counts as reported. */
  isNew(cause: string, nowMs: number): boolean {
    const reportedAtMs = this.#reportedAtMs.get(cause);
    if (reportedAtMs !== undefined && nowMs - reportedAtMs < forgetAfterMs) return false;
    this.#reportedAtMs.set(cause, nowMs);
    return true;
  }
}

/** How long a key waits after its first failure, as in client-go: most conflicts are over by then. */
export const firstRetryMs = 5;

/** The longest wait between two attempts: what lasts this long is mended by people. */
export const longestRetryMs = 16 * 60_000;

/** More doublings than this only run into infinity. */
const doublingsLimit = 30;

/** Counts failures in a row per key, and makes each key wait twice as long every time. */
export class KeyBackoff {
  readonly #failures = new Map<string, number>();

  /** Takes note of a failure; returns how long to wait before the next attempt, in milliseconds. */
  failed(key: string): number {
    const before = this.failuresOf(key);
    this.#failures.set(key, before + 1);
    return Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(before, doublingsLimit));
  }

  /** Failures in a row until now. */
  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** It succeeded. */
  forget(key: string): void {
    this.#failures.delete(key);
  }
}

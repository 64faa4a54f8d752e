/** How delays between attempts grow. */
export interface Backoff {
  /** Longest delay after the first failure. */
  readonly firstMs: number;
  /** Longest delay of all. */
  readonly maxMs: number;
}

/** More doublings than this only run into infinity. */
const doublingsLimit = 30;

/**
 * How long to wait after so many failures in a row: twice as long each time, up
 * to a limit. Half of it is left to chance, so that the replicas do not come back
 * to a recovering API server in step.
 *
 * @param random in [0, 1)
 */
export function backoffMs(backoff: Backoff, failures: number, random: number): number {
  if (failures <= 0) return 0;
  const doublings = Math.min(failures - 1, doublingsLimit);
  const longestMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** doublings);
  return (longestMs * (1 + random)) / 2;
}

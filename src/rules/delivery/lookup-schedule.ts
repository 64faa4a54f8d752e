/** With what a timer and a look-up may be late, there is one each second. */
const urgentMs = 900;
const leastMs = 1_000;
const mostMs = 30_000;
/** Where the answer says nothing of how long it holds: a failure, or an empty one. */
const unknownMs = 5_000;

/**
 * When the endpoints are looked up next: when the answer has grown old, and at least once
 * a second while something waits for a pod, or after a pod refused.
 *
 * @param ttlSeconds the shortest of the records; undefined where there is none
 * @returns milliseconds after the beginning of the look-up before
 */
export function nextLookUpMs(ttlSeconds: number | undefined, isUrgent: boolean): number {
  if (isUrgent) return urgentMs;
  if (ttlSeconds === undefined) return unknownMs;
  return Math.min(mostMs, Math.max(leastMs, ttlSeconds * 1000));
}

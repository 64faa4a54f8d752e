import { vi } from 'vitest';

/** Looking takes a kubectl, which takes a while itself. */
const intervalMs = 100;

/** Generous: the limit only turns a hang into a failure. */
const defaultTimeoutMs = 60_000;

/** Repeats assertions until they hold; fails with what they said last. */
export function eventually<Result>(
  assert: () => Promise<Result>,
  timeoutMs: number = defaultTimeoutMs,
): Promise<Result> {
  return vi.waitFor(assert, { timeout: timeoutMs, interval: intervalMs });
}

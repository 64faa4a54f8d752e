import type { Log } from './asset-source.ts';

/** Often enough to show that something goes on, rarely enough for the log of a CI job. */
const defaultIntervalMs = 15_000;

/** Says what goes on, and from time to time for how long, until the work ends. */
export async function withElapsedTime<Result>(
  what: string,
  log: Log,
  work: () => Promise<Result>,
  intervalMs = defaultIntervalMs,
): Promise<Result> {
  const startedAtMs = performance.now();
  log(what);
  const timer = setInterval(
    () => log(`${what}: ${formatDuration(performance.now() - startedAtMs)} so far`),
    intervalMs,
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** E.g. `9 s`, `4 min 05 s`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

import { setTimeout as delay } from 'node:timers/promises';

/** Resolves when the time is up or the signal aborts, whichever comes first. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs <= 0 || signal.aborted) return;
  await delay(delayMs, undefined, { signal }).catch(() => undefined);
}

import { readFile } from 'node:fs/promises';
import { pause } from '../pause.ts';

/** Nobody waits for it: a mounted ConfigMap is itself a minute late. */
const defaultLookMs = 2_000;

/**
 * Calls back each time a file has other text than before, until the signal aborts.
 * Looks for itself: notifications miss what happens behind links and mounts.
 */
export function watchTextFile(
  path: string,
  onChange: () => void,
  signal: AbortSignal,
  lookMs = defaultLookMs,
): Promise<void> {
  return watchText(() => readFile(path, 'utf8').catch(() => undefined), onChange, signal, lookMs);
}

/** @param read undefined where it cannot be read: then the text is as it was */
export async function watchText(
  read: () => Promise<string | undefined>,
  onChange: () => void,
  signal: AbortSignal,
  lookMs: number,
): Promise<void> {
  let text = await read();
  while (!signal.aborted) {
    await pause(lookMs, signal);
    const now = await read();
    if (signal.aborted || now === undefined || now === text) continue;
    // The first time that it can be read is no change.
    if (text !== undefined) onChange();
    text = now;
  }
}

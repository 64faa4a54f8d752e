import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often it is looked whether the start is over. */
const lookMs = 250;

interface CollectOptions {
  readonly type: 'major';
  readonly execution: 'sync';
  /** Also shrinks what the heap holds in reserve. */
  readonly flavor: 'last-resort';
}

/**
 * Collects garbage once, when a process has listed what it follows: every object of
 * a cluster passed through its memory then, and V8 would keep room for it long after.
 * Takes some ten milliseconds at a moment when nobody waits.
 *
 * @returns stops waiting for that moment
 */
export function collectGarbageOnce(isStarted: () => boolean): () => void {
  const timer = setInterval(() => {
    if (!isStarted()) return;
    clearInterval(timer);
    collectGarbage();
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Collects all garbage now, and gives back what the heap holds in reserve. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: (options: CollectOptions) => void = runInNewContext('gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

import { constants } from 'node:os';

const stopSignals = ['SIGTERM', 'SIGINT'] as const;
type StopSignal = (typeof stopSignals)[number];

/**
 * Takes signals from now on. Until somebody asks, and the second time, they end
 * the process, as they do for any program: also where it is the first of its
 * container, which the system spares whatever it does not handle.
 *
 * @returns resolves with the next signal
 */
export function takeStopSignals(): () => Promise<string> {
  const waiting = new Map<StopSignal, ((signal: string) => void)[]>();
  for (const signal of stopSignals) {
    process.on(signal, () => {
      const told = waiting.get(signal) ?? [];
      // Once each: whoever asks twice does not want to wait.
      waiting.delete(signal);
      if (told.length === 0) endBy(signal);
      for (const tell of told) tell(signal);
    });
  }
  return () =>
    new Promise((resolve) => {
      for (const signal of stopSignals) {
        waiting.set(signal, [...(waiting.get(signal) ?? []), resolve]);
      }
    });
}

function endBy(signal: StopSignal): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Still here: the first process of a container.
  process.exit(128 + constants.signals[signal]);
}

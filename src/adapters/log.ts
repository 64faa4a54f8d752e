import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/**
 * Structured log: one JSON object a line on standard output. Nothing that comes
 * from an object's content goes into it: no environment values, no tokens.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination ?? standardOutput());
}

/** So much is written before its turn ends; the library takes less than 16 KiB. */
const batchBytes = 15 * 1024;

/**
 * Standard output with one write for all lines of a turn of the event loop: under
 * load a write for each would cost as much as the admission that it tells of.
 * Nothing waits longer than its turn, and the end of the process writes the rest.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true, minLength: batchBytes });
  let isScheduled = false;
  const flush = (): void => {
    isScheduled = false;
    output.flushSync();
  };
  process.once('exit', flush);
  return {
    write: (line) => {
      output.write(line);
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(flush);
    },
  };
}

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
    timestamp,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination ?? standardOutput());
}

let timestampMs = 0;
let timestampText = '';

/** RFC 3339 in UTC, as a member of the line; made once a millisecond, in which there may be many lines. */
function timestamp(): string {
  const now = Date.now();
  if (now !== timestampMs) {
    timestampMs = now;
    timestampText = `,"time":"${new Date(now).toISOString()}"`;
  }
  return timestampText;
}

/** So much is written before its turn ends: what waits for it has a limit. */
const batchCharacters = 64 * 1024;

/**
 * Standard output with one write for all lines of a turn of the event loop: under
 * load a write for each would cost as much as the admission that it tells of.
 * Nothing waits longer than its turn, and the end of the process writes the rest.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true });
  let lines = '';
  let isScheduled = false;
  const write = (): void => {
    if (lines !== '') output.write(lines);
    lines = '';
  };
  process.once('exit', write);
  return {
    write: (line) => {
      lines += line;
      if (lines.length >= batchCharacters) write();
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(() => {
        isScheduled = false;
        write();
      });
    },
  };
}

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
  return destination === undefined ? pino(options) : pino(options, destination);
}

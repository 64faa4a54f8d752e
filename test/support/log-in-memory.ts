import { createLogger, type Logger } from '../../src/adapters/log.ts';

/** A log whose lines the test reads. */
export function logInMemory(): {
  readonly log: Logger;
  readonly all: readonly Record<string, unknown>[];
  /** Lines with a message, or with one that matches. */
  lines(message: string | RegExp): Record<string, unknown>[];
} {
  const all: Record<string, unknown>[] = [];
  const log = createLogger('trace', { write: (line: string) => void all.push(JSON.parse(line)) });
  return {
    log,
    all,
    lines: (message) =>
      all.filter(({ msg }) =>
        typeof message === 'string' ? msg === message : message.test(String(msg)),
      ),
  };
}

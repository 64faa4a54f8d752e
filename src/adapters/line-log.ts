/** Levels, from the least to the most urgent, as pino numbers them. */
const urgency = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: 100 };

type Level = keyof typeof urgency;

/** What a process says while it runs; pino's `Logger` is one. */
export interface Log {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
  fatal: LogMethod;
}

type LogMethod = {
  (message: string): void;
  (fields: object, message: string): void;
};

/**
 * A log with the lines of `createLogger` for the proxy, which says little, and of
 * which there is one per Function: pino alone takes an eighth of its memory.
 *
 * @param level least level that is logged; an unknown one is `info`
 */
export function createLineLog(level: string, write: (line: string) => void): Log {
  const least = Object.hasOwn(urgency, level) ? urgency[level as Level] : urgency.info;
  const method = (name: Level): LogMethod => {
    if (urgency[name] < least) return () => undefined;
    return (fields: object | string, message?: string) => {
      const said = typeof fields === 'string' ? { msg: fields } : { ...fields, msg: message };
      write(
        `${JSON.stringify({ level: name, time: new Date().toISOString(), ...said }, readable)}\n`,
      );
    };
  };
  return {
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
  };
}

/** An Error has no members of its own that JSON would show, but for those that Node gives one. */
function readable(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack } = value;
  return { type: name, ...value, message, stack };
}

/** What every line of the product's log has, and the fields that are its own. */
export interface LogEntry {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** @returns undefined for what is no line of the product's log, such as a stack trace */
export function readLogLine(line: string): LogEntry | undefined {
  if (!line.startsWith('{')) return undefined;
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { time, level, msg, ...fields } = parsed;
  if (typeof time !== 'string' || typeof level !== 'string' || typeof msg !== 'string') {
    return undefined;
  }
  if (Number.isNaN(Date.parse(time))) return undefined;
  return { time, level, message: msg, fields };
}

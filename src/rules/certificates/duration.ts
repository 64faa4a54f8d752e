import type { Reading } from '../proxy/reading.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Enough for a certificate to reach every replica, and little enough to watch one being renewed. */
const leastLifetimeMs = 10 * secondMs;

/** Whoever wants certificates for longer than ten years does not want them renewed. */
const mostLifetimeMs = 3650 * dayMs;

/** Days, hours, minutes and seconds, in this order, each at most once. */
const durationPattern = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/;

/** A length of time that is shown the way it was written. */
export class Duration {
  readonly ms: number;
  readonly #text: string;

  constructor(text: string, ms: number) {
    this.#text = text;
    this.ms = ms;
  }

  toString(): string {
    return this.#text;
  }

  /** What the log says of it. */
  toJSON(): string {
    return this.#text;
  }
}

/** Reads how long a certificate is to be good for, e.g. `30d`, `720h`, `1d12h` or `90s`. */
export function readLifetime(text: string): Reading<Duration> {
  const [, ...parts] = text === '' ? [] : (durationPattern.exec(text) ?? []);
  const units = [dayMs, hourMs, minuteMs, secondMs];
  const ms = units.reduce((sum, unit, index) => sum + unit * Number(parts[index] ?? 0), 0);
  return ms >= leastLifetimeMs && ms <= mostLifetimeMs
    ? { value: new Duration(text, ms) }
    : { problem: 'must be a duration from 10s to 3650d, such as 30d, 720h or 90s' };
}

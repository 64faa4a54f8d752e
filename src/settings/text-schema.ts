import type { Reading } from '../rules/proxy/reading.ts';
import type { OptionSchema, SchemaResult } from './option.ts';

/**
 * Reads the text of an option, or its texts, without a library: the proxy, of which
 * there is one per Function, has no memory to spare for one.
 */
export class TextSchema<Value, Written extends string | readonly string[] = string>
  implements OptionSchema<Value>
{
  readonly #read: (written: Written) => Reading<Value>;
  readonly #fallback: Value;

  /** @param fallback what holds when nothing is written */
  constructor(read: (written: Written) => Reading<Value>, fallback: Value) {
    this.#read = read;
    this.#fallback = fallback;
  }

  /** The same with another default. */
  default(fallback: Value): TextSchema<Value, Written> {
    return new TextSchema(this.#read, fallback);
  }

  safeParse(input: unknown): SchemaResult<Value> {
    if (input === undefined) return { success: true, data: this.#fallback };
    // What comes is what `Option.isList` says, and then all of it is text.
    const reading = this.#read(input as Written);
    return 'value' in reading
      ? { success: true, data: reading.value }
      : { success: false, error: { issues: [{ message: reading.problem }] } };
  }

  parse(input: unknown): Value {
    const result = this.safeParse(input);
    if (result.success) return result.data;
    throw new Error(result.error.issues.map(({ message }) => message).join('; '));
  }
}

/** One of a few words. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
): (text: string) => Reading<Word> {
  return (text) => {
    const word = words.find((known) => known === text);
    return word === undefined ? { problem: `must be one of ${words.join(', ')}` } : { value: word };
  };
}

export function portFrom(least: 0 | 1): (text: string) => Reading<number> {
  return (text) =>
    /^\d{1,5}$/.test(text) && Number(text) <= 65535 && Number(text) >= least
      ? { value: Number(text) }
      : { problem: `must be a port number from ${least} to 65535` };
}

export function wholeNumber(least: number, most: number): (text: string) => Reading<number> {
  return (text) =>
    /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most
      ? { value: Number(text) }
      : { problem: `must be a whole number from ${least} to ${most}` };
}

/** Seconds, fractions allowed. */
export function seconds(least: number, most: number): (text: string) => Reading<number> {
  return (text) =>
    /^\d{1,6}(\.\d{1,3})?$/.test(text) && Number(text) >= least && Number(text) <= most
      ? { value: Number(text) }
      : { problem: `must be a number of seconds from ${least} to ${most}` };
}

import { isDnsLabel, isDnsSubdomain } from '../rules/names.ts';
import type { Reading } from '../rules/proxy/reading.ts';
import type { OptionSchema } from './option.ts';

/**
 * Reads the text of an option, or its texts. Annotations are read by the same rules,
 * and the proxy, of which there is one per Function, has no memory to spare for a
 * library that would do it.
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

  read(written: unknown): Reading<Value> {
    // What comes is what `Option.isList` says, and then all of it is text.
    return written === undefined ? { value: this.#fallback } : this.#read(written as Written);
  }
}

/** Whatever is written: a path, a name that only a cluster can judge. */
export function anyText<Written extends string | readonly string[]>(
  written: Written,
): Reading<Written> {
  return { value: written };
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

/** @param what it names, as in `must be the name of a namespace` */
export function labelName(what: string): (text: string) => Reading<string> {
  return (text) =>
    isDnsLabel(text) ? { value: text } : { problem: `must be the name of ${what}` };
}

/** The same for what may have dots in its name. */
export function subdomainName(what: string): (text: string) => Reading<string> {
  return (text) =>
    isDnsSubdomain(text) ? { value: text } : { problem: `must be the name of ${what}` };
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

import type { Reading } from '../rules/proxy/reading.ts';

/** What reads a value and brings the default. */
export interface OptionSchema<Value> {
  /** @param written text, for a list texts; undefined where nothing is written */
  read(written: unknown): Reading<Value>;
}

/**
 * One setting: a flag, an environment variable and an entry of the settings file, of
 * one name. The table of options is all there is: parsing, `--help` and the README
 * follow it.
 */
export interface Option<Value = unknown> {
  /** Flag without dashes, e.g. `health-port`; the variable is `HEALTH_PORT`. */
  readonly flag: string;
  /** One-letter form of the flag. */
  readonly short?: string;
  /** What the value is called in `--help`; absent for a switch. */
  readonly placeholder?: string;
  /** Whether the flag may be given several times; the variable separates values by commas. */
  readonly isList?: boolean;
  /** Whether the members of the list are `key=value`; the settings file may hold a mapping instead. */
  readonly isMap?: boolean;
  /** Reads the text, or texts, and brings the default. */
  readonly schema: OptionSchema<Value>;
  /** What has to hold between the value and another option's. */
  readonly beside?: OptionRelation;
  /** What holds when nothing is said, as `--help` and the README state it. */
  readonly defaultText: string;
  /** One sentence. */
  readonly help: string;
}

export interface OptionRelation {
  /** Flag of the other option. */
  readonly flag: string;
  /** What is wrong with the two values; undefined when nothing is. */
  problem(value: unknown, other: unknown): string | undefined;
}

export type OptionTable = Readonly<Record<string, Option>>;

/** The settings that a table of options reads. */
export type SettingsOf<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer Value> ? Value : never;
};

/** Name of the environment variable of an option. */
export function variableOf(option: Option): string {
  return option.flag.toUpperCase().replaceAll('-', '_');
}

import { asObject } from '../api/json.ts';
import { splitList } from '../rules/split-list.ts';
import type { Option, OptionTable } from './option.ts';
import * as everyOption from './options.ts';
import { resemblingOption } from './resembling-option.ts';
import type { Written, WrittenSettings } from './written.ts';

/** A settings file, as it was read from the disk. */
export interface SettingsFile {
  /** How messages name it. */
  readonly path: string;
  /** What it holds: mappings, lists and texts, a scalar being the text it is written as; null for nothing. */
  readonly content: unknown;
  /** Why it could not be read, each without the path. */
  readonly problems: readonly string[];
}

/** Options of every command: one file serves them all. */
const known: readonly Option[] = Object.values(everyOption).filter(
  (value): value is Exclude<typeof value, string> => typeof value !== 'string',
);

/** Reads what a settings file says for the options of a command, with every problem in it. */
export function readSettingsFile(table: OptionTable, file: SettingsFile): WrittenSettings {
  const written = new Map<string, Written>();
  const problems = [...file.problems];
  const entries = asObject(file.content ?? {});
  if (entries === undefined) {
    problems.push('must be a mapping from the names of settings to their values');
  }
  for (const [name, value] of Object.entries(entries ?? {})) {
    const problem = entryProblem(name);
    const option = Object.values(table).find(({ flag }) => flag === name);
    // A setting of another command is none of this one's business.
    const read = option === undefined ? undefined : readEntry(option, value);
    if (problem !== undefined) problems.push(problem);
    else if (typeof read === 'string') problems.push(`${name}: ${read}`);
    else if (read !== undefined) {
      written.set(name, { origin: `${file.path}: ${name}`, texts: read });
    }
  }
  return { written, problems: problems.map((problem) => `${file.path}: ${problem}`) };
}

/** What is wrong with the name of a setting. */
function entryProblem(name: string): string | undefined {
  if (name === everyOption.settingsFile.flag) return `${name}: cannot be set in the file itself`;
  if (known.some(({ flag }) => flag === name)) return undefined;
  const near = resemblingOption(known, name);
  return `unknown setting ${name}${near === undefined ? '' : `; did you mean ${near.flag}?`}`;
}

/** The texts of an entry, undefined for an unset one, or a sentence about what is wrong with it. */
function readEntry(option: Option, value: unknown): readonly string[] | string | undefined {
  if (value === null || value === '') return undefined;
  if (typeof value === 'string') return option.isList === true ? splitList(value) : [value];
  if (option.isList === true && Array.isArray(value)) {
    return value.every((member) => typeof member === 'string')
      ? value
      : 'must be a list of plain values';
  }
  const mapping = asObject(value);
  if (option.isMap === true && mapping !== undefined) {
    const members = Object.entries(mapping);
    return members.every(([, member]) => typeof member === 'string')
      ? members.map(([key, member]) => `${key}=${member}`)
      : 'must map names to plain values';
  }
  if (option.isMap === true) return 'must be key=value, a list of such, or a mapping';
  return option.isList === true ? 'must be one value or a list' : 'must be one value';
}

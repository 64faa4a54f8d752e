import { splitList } from '../rules/split-list.ts';
import { type Option, type OptionTable, type SettingsOf, variableOf } from './option.ts';
import { readFlags } from './read-flags.ts';
import type { Written, WrittenSettings } from './written.ts';

export type ParsedSettings<Table extends OptionTable> =
  | { readonly settings: SettingsOf<Table> }
  /** Everything that is wrong, each with the name the user gave it. */
  | { readonly problems: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads settings. A flag decides over its variable, the variable over the settings
 * file, and an empty variable counts as unset. Reports every problem at once.
 *
 * @param args what follows the command's name
 * @param inFile what the settings file says that flag or variable name (`readSettingsFile`)
 */
export function parseSettings<Table extends OptionTable>(
  table: Table,
  args: readonly string[],
  environment: Environment,
  inFile?: WrittenSettings,
): ParsedSettings<Table> {
  const flags = readFlags(table, args);
  const problems = [...flags.problems, ...(inFile?.problems ?? [])];
  const settings: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  const values = new Map<string, unknown>();
  for (const [name, option] of Object.entries(table)) {
    const { flag } = option;
    const written =
      flags.written.get(flag) ?? readVariable(option, environment) ?? inFile?.written.get(flag);
    const reading = option.schema.read(textOf(option, written));
    const origin = written?.origin ?? `--${flag}`;
    origins.set(flag, origin);
    if ('value' in reading) {
      settings[name] = reading.value;
      values.set(flag, reading.value);
    } else {
      problems.push(`${origin}: ${reading.problem}`);
    }
  }
  for (const { flag, beside } of Object.values(table)) {
    if (beside === undefined || !values.has(flag) || !values.has(beside.flag)) continue;
    const problem = beside.problem(values.get(flag), values.get(beside.flag));
    if (problem === undefined) continue;
    problems.push(`${origins.get(flag)}: ${problem} (${origins.get(beside.flag)})`);
  }
  return problems.length > 0 ? { problems } : { settings: settings as SettingsOf<Table> };
}

/** The text that flag or variable give to an option; undefined where the command does not take it. */
export function writtenText(
  option: Option,
  table: OptionTable,
  args: readonly string[],
  environment: Environment,
): string | undefined {
  if (!Object.values(table).some(({ flag }) => flag === option.flag)) return undefined;
  const flag = readFlags(table, args).written.get(option.flag);
  return (flag ?? readVariable(option, environment))?.texts.at(-1);
}

function textOf(option: Option, written: Written | undefined): unknown {
  if (written === undefined) return undefined;
  return option.isList === true ? written.texts : written.texts.at(-1);
}

function readVariable(option: Option, environment: Environment): Written | undefined {
  const name = variableOf(option);
  const text = environment[name];
  if (text === undefined || text === '') return undefined;
  return { origin: name, texts: option.isList === true ? splitList(text) : [text] };
}

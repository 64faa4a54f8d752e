import { settingsFile } from '../settings/common-options.ts';
import { type Option, type OptionTable, variableOf } from '../settings/option.ts';
import type { Command } from './command.ts';
import type { CommandEntry } from './command-list.ts';

const program = 'openfunction-dapr-webhook';

/** `--help` without a command. */
export function overview(entries: Readonly<Record<string, CommandEntry>>): string {
  const width = Math.max(...Object.keys(entries).map((name) => name.length));
  const lines = Object.entries(entries).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`,
  );
  return [
    'Decides how OpenFunction Functions meet Dapr: a sidecar in every pod, one shared proxy, or not at all.',
    '',
    `Usage: ${program} COMMAND [OPTIONS]   (in a clone: npm start -- COMMAND [OPTIONS])`,
    '',
    'Commands:',
    ...lines,
    '',
    `${program} COMMAND --help tells the options of a command. --version tells the version.`,
    '',
  ].join('\n');
}

/** `--help` of a command. */
export function commandHelp(command: Command): string {
  return [
    command.description,
    '',
    `Usage: ${program} ${command.name} [OPTIONS]`,
    '',
    'Options:',
    ...describeOptions(command.options),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
    '',
    sources(command.options),
    '',
  ].join('\n');
}

/** Where settings may come from. */
function sources(table: OptionTable): string {
  const variables =
    'Every option can be given as the environment variable in brackets; the flag decides over it.';
  return Object.values(table).some(({ flag }) => flag === settingsFile.flag)
    ? `${variables} Both decide over the settings file.`
    : variables;
}

function describeOptions(table: OptionTable): string[] {
  return Object.values(table).flatMap((option) => [
    `  ${flagOf(option)}  [${variableOf(option)}]`,
    `      ${option.help} Default: ${option.defaultText}.`,
  ]);
}

/** A flag as it is written on the command line, e.g. `-o, --output FORMAT`. */
export function flagOf(option: Option): string {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  const value = option.placeholder === undefined ? '' : ` ${option.placeholder}`;
  return `${short}--${option.flag}${value}`;
}

import { settingsFile } from '../settings/common-options.ts';
import { parseSettings, writtenText } from '../settings/parse-settings.ts';
import { version } from '../settings/version.ts';
import type { WrittenSettings } from '../settings/written.ts';
import { type Command, type CommandIo, ExitCode } from './command.ts';
import { commandList } from './command-list.ts';
import { commandHelp, overview } from './help.ts';

/**
 * Runs what a command line asks for.
 *
 * @param args everything after the program's name
 * @returns the exit code
 */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    io.stderr.write(overview(commandList));
    return ExitCode.usage;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    io.stdout.write(overview(commandList));
    return ExitCode.ok;
  }
  if (name === '--version' || name === 'version') {
    io.stdout.write(`${version}\n`);
    return ExitCode.ok;
  }
  const entry = Object.hasOwn(commandList, name) ? commandList[name] : undefined;
  if (entry === undefined) {
    io.stderr.write(
      `unknown command "${name}"; the commands are ${Object.keys(commandList).join(', ')}\n`,
    );
    return ExitCode.usage;
  }
  const command = await entry.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    io.stdout.write(commandHelp(command));
    return ExitCode.ok;
  }
  const file = await fileOf(command, rest, io);
  const parsed = parseSettings(command.options, rest, io.environment, file);
  if ('problems' in parsed) {
    for (const problem of parsed.problems) io.stderr.write(`${name}: ${problem}\n`);
    return ExitCode.usage;
  }
  return command.run(parsed.settings, io);
}

/** What the settings file says, where the command takes one and one is named. */
async function fileOf(
  command: Command,
  args: readonly string[],
  io: CommandIo,
): Promise<WrittenSettings | undefined> {
  const path = writtenText(settingsFile, command.options, args, io.environment);
  if (path === undefined) return undefined;
  // Loaded on demand, because they bring libraries that most starts do not need.
  const { loadSettingsFile } = await import('./load-settings-file.ts');
  const { readSettingsFile } = await import('../settings/read-settings-file.ts');
  return readSettingsFile(command.options, await loadSettingsFile(path));
}

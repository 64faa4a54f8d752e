import { version } from '../settings/options.ts';
import { parseSettings } from '../settings/parse-settings.ts';
import { type CommandIo, ExitCode } from './command.ts';
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
  const parsed = parseSettings(command.options, rest, io.environment);
  if ('problems' in parsed) {
    for (const problem of parsed.problems) io.stderr.write(`${name}: ${problem}\n`);
    return ExitCode.usage;
  }
  return command.run(parsed.settings, io);
}

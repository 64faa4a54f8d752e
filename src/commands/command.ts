import type { Readable, Writable } from 'node:stream';
import type { OptionTable, SettingsOf } from '../settings/option.ts';

/** What a command sees of the world outside. */
export interface CommandIo {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether standard output is a terminal that shows colours. */
  readonly hasColours: boolean;
  /**
   * Resolves with SIGTERM or SIGINT. Until it is asked for, and the second time,
   * these signals end the process at once, as they do for any program.
   */
  readonly stopRequested: () => Promise<string>;
}

/** Exit codes of every command. */
export const ExitCode = {
  ok: 0,
  /** What was asked for could not be done: invalid input, a port that is taken. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
} as const;

export interface Command<Table extends OptionTable = OptionTable> {
  readonly name: string;
  /** What it does, for people: a paragraph above the options. */
  readonly description: string;
  readonly examples: readonly string[];
  readonly options: Table;
  run(settings: SettingsOf<Table>, io: CommandIo): Promise<number>;
}

/** Keeps the types of a command's options between its table and its `run`. */
export function defineCommand<const Table extends OptionTable>(
  command: Command<Table>,
): Command<Table> {
  return command;
}

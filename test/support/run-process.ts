import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { repositoryFolder } from './source-tree.ts';

/** The program in a process of its own, as a user runs it. */
export class RunningProgram {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #closed: Promise<unknown[]>;

  constructor(args: readonly string[], environment: Record<string, string> = {}) {
    this.child = spawn(process.execPath, [join(repositoryFolder, 'src/main.ts'), ...args], {
      cwd: repositoryFolder,
      env: { PATH: process.env['PATH'] ?? '', ...environment },
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.#closed = once(this.child, 'close');
  }

  /** The exit code, when the process has ended. */
  async exit(): Promise<number | null> {
    const [code] = await this.#closed;
    return code as number | null;
  }

  /** The log lines so far. */
  get log(): Record<string, unknown>[] {
    return this.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  }

  /** Waits for a log line; rejects when the process ends without it. */
  async logged(message: string): Promise<Record<string, unknown>> {
    for (;;) {
      const line = this.log.find(({ msg }) => msg === message);
      if (line !== undefined) return line;
      const { exitCode, signalCode } = this.child;
      if (exitCode !== null || signalCode !== null) {
        throw new Error(`ended with ${exitCode ?? signalCode}: ${this.stdout}${this.stderr}`);
      }
      await Promise.race([once(this.child.stdout as NodeJS.EventEmitter, 'data'), this.#closed]);
    }
  }

  /** Ends the process for good, whatever state it is in. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    await this.#closed;
  }
}

/** Runs the program to its end. */
export async function runProgram(
  args: readonly string[],
  { input = '', environment = {} }: { input?: string; environment?: Record<string, string> } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = new RunningProgram(args, environment);
  program.child.stdin?.on('error', () => undefined);
  program.child.stdin?.end(input);
  const code = await program.exit();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

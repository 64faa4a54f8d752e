import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type ListedProcess, listProcesses } from './list-processes.ts';
import { repositoryFolder } from './source-tree.ts';

/** The playground as a terminal starts it: in a process group of its own. Ends with the test. */
export class RunningPlayground {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #closed: Promise<unknown[]>;

  /** @param environment all of it */
  constructor(args: readonly string[], environment: NodeJS.ProcessEnv) {
    const program = join(repositoryFolder, 'test/cluster/playground/main.ts');
    this.child = spawn(process.execPath, [program, ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment,
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#closed = once(this.child, 'close');
    onTestFinished(() => this.#end());
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the playground did not start');
    return this.child.pid;
  }

  /** As a terminal does for Ctrl-C: to every process in the foreground. */
  signalForeground(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** The exit code, when it has ended and nobody writes for it any more; null when a signal ended it. */
  async exit(): Promise<number | null> {
    const [code] = await this.#closed;
    return code as number | null;
  }

  /** Waits for a text, on standard output or error. @throws when all ends without it */
  async says(text: string): Promise<void> {
    const { stdout, stderr } = this.child;
    if (stdout === null || stderr === null) throw new Error('the playground has no output');
    while (!this.stdout.includes(text) && !this.stderr.includes(text)) {
      if (stdout.readableEnded && stderr.readableEnded) {
        throw new Error(`ended without "${text}": ${this.stdout}${this.stderr}`);
      }
      await Promise.race([once(stdout, 'data'), once(stderr, 'data'), this.#closed]);
    }
  }

  /** Every process that it started, and that these started. */
  async processes(): Promise<ListedProcess[]> {
    const all = await listProcesses();
    const found: ListedProcess[] = [];
    const parents = new Set([this.pid]);
    // Each round finds the children of those that the last one found.
    for (let previous = -1; previous < found.length; ) {
      previous = found.length;
      for (const one of all) {
        if (!parents.has(one.parentId) || parents.has(one.id)) continue;
        parents.add(one.id);
        found.push(one);
      }
    }
    return found;
  }

  async #end(): Promise<void> {
    const processes = [{ id: this.pid }, ...(await this.processes())];
    for (const { id } of processes) tryKill(id);
    await this.#closed;
  }
}

function tryKill(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

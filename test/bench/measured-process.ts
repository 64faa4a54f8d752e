import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Tools } from './tools.ts';

/** Ticks a second in /proc; the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** How often it is looked whether a process is ready, and for how long. */
const lookMs = 20;
const readyTimeoutMs = 60_000;

export interface ProcessOptions {
  /** Core that it is pinned to; any when absent. */
  readonly core?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A process on one core, whose use of it and of memory the kernel tells. Linux only. */
export class MeasuredProcess {
  readonly child: ChildProcess;
  #stderr = '';

  constructor(tools: Tools, command: readonly string[], options: ProcessOptions) {
    const pinned =
      tools.taskset === undefined || options.core === undefined
        ? command
        : [tools.taskset, '--cpu-list', String(options.core), ...command];
    const [program = '', ...args] = pinned;
    this.child = spawn(program, args, {
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...options.environment },
      // A pipe that nobody reads would fill; a terminal would slow it down.
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-4096);
    });
    const kill = (): void => void this.child.kill('SIGKILL');
    process.once('exit', kill);
    this.child.once('exit', () => process.off('exit', kill));
  }

  /** @throws when it ends instead, or is not ready in a minute */
  async until(isReady: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + readyTimeoutMs;
    while (!(await isReady())) {
      if (this.#hasEnded) {
        throw new Error(`${this.child.spawnargs.join(' ')} ended: ${this.#stderr}`);
      }
      if (performance.now() > deadline) {
        throw new Error(`${this.child.spawnargs.join(' ')} is not ready: ${this.#stderr}`);
      }
      await pause(lookMs);
    }
  }

  /** Processor time that it has used, all threads, in seconds. */
  async cpuSeconds(): Promise<number> {
    const stat = await readFile(`/proc/${this.child.pid}/stat`, 'utf8');
    // The name, in brackets, may hold spaces; the fields after it are counted from 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  /** Resident memory, in MiB. */
  async residentMiB(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
    return Number(kib) / 1024;
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    if (!this.#hasEnded) await once(this.child, 'exit');
  }

  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.child.kill('SIGTERM');
    await this.ended();
  }

  get #hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

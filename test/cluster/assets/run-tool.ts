import { spawn } from 'node:child_process';
import type { Environment } from './asset-source.ts';

export interface ToolResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunToolOptions {
  readonly environment: Environment;
  readonly folder?: string;
  readonly stopSignal?: AbortSignal;
  readonly timeoutMs?: number;
}

/**
 * Runs a program to its end.
 *
 * @returns a text instead of a result when the program cannot be started: why
 * @throws the signal's reason once the program has ended, when it was told to stop
 */
export async function runTool(
  command: string,
  args: readonly string[],
  { environment, folder, stopSignal, timeoutMs }: RunToolOptions,
): Promise<ToolResult | string> {
  stopSignal?.throwIfAborted();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
    cwd: folder,
    signal: stopSignal,
    timeout: timeoutMs,
    // What a terminal sends: Go then waits for the compilers that it has started.
    killSignal: 'SIGINT',
  });
  const { promise, resolve, reject } = Promise.withResolvers<ToolResult | string>();
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.on('error', (error: NodeJS.ErrnoException) => {
    // A program that did start is waited for, whatever happens to it.
    if (child.pid === undefined) resolve(error.code ?? error.message);
  });
  child.on('close', (exitCode) => {
    if (stopSignal?.aborted) reject(stopSignal.reason);
    else resolve({ exitCode, stdout, stderr });
  });
  return promise;
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { node, program } from '../processes.ts';
import type { Tools } from '../tools.ts';

const run = promisify(execFile);

export interface SteadyLoad {
  readonly protocol: 'http' | 'grpc';
  /** Over gRPC without a path. */
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly core: number;
}

/** Milliseconds, from when a request was due to its whole answer. */
export interface SteadyResult {
  readonly p50: number;
  readonly p99: number;
  /** How many there were. */
  readonly requests: number;
}

/**
 * Topic events at a steady rate, whether or not those before are answered.
 *
 * @throws when one was not answered with 200, or with the status 0 of gRPC
 */
export async function steadyLoad(tools: Tools, load: SteadyLoad): Promise<SteadyResult> {
  const { protocol, url, perSecond, seconds, core } = load;
  const command = [
    ...(tools.taskset === undefined ? [] : [tools.taskset, '--cpu-list', String(core)]),
    ...[node, program('steady-load.ts'), protocol, url, String(perSecond), String(seconds)],
  ];
  const [first = '', ...args] = command;
  const { stdout } = await run(first, args);
  return JSON.parse(stdout) as SteadyResult;
}

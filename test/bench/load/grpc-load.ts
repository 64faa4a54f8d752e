import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Tools } from '../tools.ts';

const run = promisify(execFile);

export interface GrpcLoad {
  readonly url: string;
  /** Framed. */
  readonly body: Buffer;
  /** At a time, on one connection: as daprd does it. */
  readonly calls: number;
  readonly seconds: number;
  readonly core: number;
  readonly folder: string;
  /** Share of calls that may fail, 0 to 1. */
  readonly tolerated: number;
}

/**
 * As many gRPC calls as a server answers on one connection.
 *
 * @returns calls in all, and for each second
 * @throws when more than that failed on the level of HTTP, or h2load is missing
 */
export async function grpcLoad(
  tools: Tools,
  { url, body, calls, seconds, core, folder, tolerated }: GrpcLoad,
): Promise<{ requests: number; perSecond: number }> {
  const file = join(folder, `${crypto.randomUUID()}.bin`);
  await writeFile(file, body);
  const command = [
    ...(tools.taskset === undefined ? [] : [tools.taskset, '--cpu-list', String(core)]),
    ...[tools.h2load ?? 'h2load', '--clients', '1', '--max-concurrent-streams', String(calls)],
    ...['--duration', String(seconds), '--window-bits', '20', '--connection-window-bits', '24'],
    ...['--header', 'content-type: application/grpc', '--header', 'te: trailers'],
    ...['--data', file, url],
  ];
  const [program = '', ...args] = command;
  const { stdout } = await run(program, args);
  const perSecond = Number(/finished in [^,]+, ([\d.]+) req\/s/.exec(stdout)?.[1]);
  const [, done = '0', failed = '0', errored = '0'] =
    /(\d+) succeeded, (\d+) failed, (\d+) errored/.exec(stdout) ?? [];
  const refused = Number(failed) + Number(errored);
  if (!(perSecond > 0) || refused > Number(done) * tolerated) {
    throw new Error(`${refused} of ${done} calls to ${url} failed:\n${stdout}`);
  }
  return { requests: Number(done), perSecond };
}

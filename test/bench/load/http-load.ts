import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Tools } from '../tools.ts';

const run = promisify(execFile);

export interface HttpLoad {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  /** Core of the process that makes the load. */
  readonly core: number;
  readonly folder: string;
}

export interface HttpLoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * As many POST requests as a server answers, over connections that are kept.
 *
 * @throws when one of them was not answered with 200, or wrk is missing
 */
export async function httpLoad(tools: Tools, load: HttpLoad): Promise<HttpLoadResult> {
  const script = join(load.folder, `${crypto.randomUUID()}.lua`);
  await writeFile(script, scriptOf(load));
  const command = [
    ...(tools.taskset === undefined ? [] : [tools.taskset, '--cpu-list', String(load.core)]),
    ...[tools.wrk ?? 'wrk', '--threads', '1', '--connections', String(load.connections)],
    ...['--duration', `${load.seconds}s`, '--script', script, load.url],
  ];
  const [program = '', ...args] = command;
  const { stdout } = await run(program, args);
  const line = /^figures (.+)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`no figures from ${command.join(' ')}:\n${stdout}`);
  const [requests = 0, microseconds = 0, p50 = 0, p99 = 0, errors = 0] = line
    .split(' ')
    .map(Number);
  if (errors > 0 || requests === 0) {
    throw new Error(`${errors} of ${requests} requests to ${load.url} failed`);
  }
  return {
    requests,
    perSecond: requests / (microseconds / 1e6),
    p50: p50 / 1000,
    p99: p99 / 1000,
  };
}

/** wrk counts what is not 2xx or 3xx as an error of status. */
function scriptOf({ body, headers }: HttpLoad): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `wrk.headers[${quoted(name)}] = ${quoted(value)}`,
  );
  return `
wrk.method = "POST"
wrk.body = ${quoted(body)}
${lines.join('\n')}
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format("figures %d %d %f %f %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
`;
}

/** A Lua string with every byte that is not plain ASCII as a number. */
function quoted(text: string): string {
  const escaped = [...Buffer.from(text)].map((byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\${String(byte).padStart(3, '0')}`,
  );
  return `"${escaped.join('')}"`;
}

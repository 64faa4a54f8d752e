import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Programs of the system that benches call; undefined where one is not installed. */
export interface Tools {
  readonly taskset: string | undefined;
  readonly wrk: string | undefined;
  readonly h2load: string | undefined;
  readonly nginx: string | undefined;
}

/** The package that brings each, in Debian. */
export const packageOf: Readonly<Record<keyof Tools, string>> = {
  taskset: 'util-linux',
  wrk: 'wrk',
  h2load: 'nghttp2-client',
  nginx: 'nginx-light',
};

export async function findTools(): Promise<Tools> {
  const [taskset, wrk, h2load, nginx] = await Promise.all(
    ['taskset', 'wrk', 'h2load', 'nginx'].map(onPath),
  );
  return { taskset, wrk, h2load, nginx };
}

async function onPath(program: string): Promise<string | undefined> {
  // Debian puts servers where an ordinary user's PATH does not lead.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  for (const folder of folders) {
    const path = join(folder, program);
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

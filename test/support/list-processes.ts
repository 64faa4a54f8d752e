import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface ListedProcess {
  readonly id: number;
  readonly parentId: number;
  /** Program and arguments. */
  readonly command: string;
}

/** Every process of the machine that runs; those that only wait to be collected do not. */
export async function listProcesses(): Promise<ListedProcess[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,stat=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [, id, parentId, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (command === undefined || state?.startsWith('Z')) return [];
    return [{ id: Number(id), parentId: Number(parentId), command }];
  });
}

/** Those of some processes that have not ended. */
export async function stillRunning(processes: readonly ListedProcess[]): Promise<ListedProcess[]> {
  const ids = new Set(processes.map(({ id }) => id));
  return (await listProcesses()).filter(({ id }) => ids.has(id));
}

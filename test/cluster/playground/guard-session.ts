import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import { until } from '../harness/until.ts';
import { removePlaygroundFolder } from './playground-folder.ts';
import { say } from './say.ts';

/** Far longer than the kernel takes; where nobody collects dead processes they stay listed for good. */
const killTimeoutMs = 2000;

export interface GuardSessionOptions {
  readonly functions: FunctionVersion;
  /** Folder of its own; it is removed at the end. */
  readonly folder: string;
  /** Aborted when the session is to end in order. */
  readonly stopSignal: AbortSignal;
  /** Aborted when it is to end at once. */
  readonly hurrySignal: AbortSignal;
}

/**
 * Runs the session in a process group of its own, and answers for what it leaves
 * behind.
 *
 * A terminal sends Ctrl-C to every process in its foreground. There, the API
 * server would end before those who need it, and the webhook would be told to
 * stop twice; the session and its programs hear of it only through us. Between
 * us is an IPC channel that carries no messages: when it is cut, the session
 * stops, whether we ask for it or are gone.
 *
 * @returns the exit code
 */
export async function guardSession(options: GuardSessionOptions): Promise<number> {
  const { functions, folder, stopSignal, hurrySignal } = options;
  const program = fileURLToPath(new URL('session.ts', import.meta.url));
  const session = spawn(process.execPath, [program, functions, folder], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const stop = (): void => {
    if (session.connected) session.disconnect();
  };
  const kill = (): void => void session.kill('SIGKILL');
  stopSignal.addEventListener('abort', stop, { once: true });
  hurrySignal.addEventListener('abort', kill, { once: true });
  if (stopSignal.aborted) stop();
  try {
    const [code, signal] = await once(session, 'exit');
    if (code === null) say(`ended by ${signal}`);
    return code ?? 1;
  } finally {
    if (session.pid !== undefined) await endGroup(session.pid);
    await removePlaygroundFolder(folder);
  }
}

/** Ends the programs of a session that did not end them itself. */
async function endGroup(groupId: number): Promise<void> {
  if (!signalGroup(groupId, 'SIGKILL')) return;
  const isGone = async (): Promise<boolean> => !signalGroup(groupId, 0);
  await until('the programs to end', isGone, killTimeoutMs).catch(() => undefined);
}

/** @returns whether there is somebody to get it */
function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-groupId, signal);
  } catch {
    return false;
  }
}

import { watchTextFile } from '../adapters/files/watch-text-file.ts';
import type { Logger } from '../adapters/log.ts';
import { CertificateError } from '../adapters/tls/certificate-error.ts';
import { type CommandIo, ExitCode } from './command.ts';

export interface LifetimeSettings {
  /** Seconds that what is in flight may take to finish. */
  readonly shutdownTimeout: number;
  readonly settingsFile?: string | undefined;
}

/**
 * Lets a process that listens run until it is asked to stop, and ends it in order.
 *
 * @param ports as the log states them
 * @returns the exit code
 */
export async function serveUntilStopped(
  ports: Readonly<Record<string, number>>,
  running: { stop(): Promise<void> },
  { shutdownTimeout, settingsFile }: LifetimeSettings,
  io: CommandIo,
  log: Logger,
  onListening: () => void = () => undefined,
): Promise<number> {
  // From here on a signal stops in order; before, there is nothing to finish.
  const stopRequested = io.stopRequested();
  log.info(ports, 'listening');
  onListening();
  const stop = new AbortController();
  if (settingsFile !== undefined) void tellOfChanges(settingsFile, stop.signal, log);
  log.info({ signal: await stopRequested }, 'stopping');
  stop.abort();
  return stopInTime(running, shutdownTimeout, log);
}

/** Settings are read once: who changes them should not have to find out that nothing happens. */
async function tellOfChanges(
  settingsFile: string,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const tell = (): void =>
    log.warn({ settingsFile }, 'the settings file changed; what it says now holds after a restart');
  await watchTextFile(settingsFile, tell, signal);
}

/** Finishes what is in flight; whoever does not finish in time is cut off. */
async function stopInTime(
  running: { stop(): Promise<void> },
  timeoutSeconds: number,
  log: Logger,
): Promise<number> {
  const timer = setTimeout(() => {
    log.error({ timeoutSeconds }, 'requests in flight did not finish in time; cut off');
    process.exit(ExitCode.failed);
  }, timeoutSeconds * 1000);
  await running.stop();
  clearTimeout(timer);
  log.info('stopped');
  return ExitCode.ok;
}

/**
 * Starts a process, or says in its log why it cannot be started.
 *
 * @param ports that it was told to listen on
 * @param start gives problems that it found, or throws
 * @returns undefined when it could not be started
 */
export async function startOrExplain<Running extends object>(
  ports: Ports,
  log: Logger,
  start: () => Promise<Running | StartProblems>,
): Promise<Running | undefined> {
  let problems: readonly string[];
  try {
    const result = await start();
    if (!('problems' in result)) return result;
    problems = result.problems;
  } catch (error) {
    problems = [explainStartFailure(error, ports)];
  }
  for (const problem of problems) log.error({ problem }, 'cannot start');
  return undefined;
}

interface StartProblems {
  readonly problems: readonly string[];
}

/** Ports that a process was told to listen on. */
interface Ports {
  /** Absent where nothing is admitted. */
  readonly port?: number;
  readonly healthPort?: number;
}

/** A sentence for what can go wrong at the start, with the way out where there is one. */
export function explainStartFailure(error: unknown, ports: Ports = {}): string {
  if (error instanceof CertificateError) return error.message;
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') {
    return `port ${port} is taken; choose another with ${flagOf(port, ports)}`;
  }
  if (code === 'EACCES') return `no permission: ${message}`;
  return message;
}

/** The option that the port came from, as far as that can be told. */
function flagOf(taken: number | undefined, { port, healthPort }: Ports): string {
  // Health listens first: when both are the same port, it is admission that finds it taken.
  if (taken === port) return '--port';
  return taken === healthPort ? '--health-port' : '--port or --health-port';
}

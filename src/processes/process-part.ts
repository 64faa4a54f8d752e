import { buildHealthServer } from '../adapters/http/health-server.ts';
import { Metrics } from '../adapters/metrics.ts';
import { collectGarbageOnce } from './collect-garbage.ts';
import { listen } from './listen.ts';
import type { OpenedSource } from './open-source.ts';

/** Something that runs in a process beside others. */
export interface ProcessPart {
  /** What it lacks to be ready; empty when it is. */
  missing(): readonly string[];
  /** Finishes what is in flight; resolves when nothing of it is left. */
  stop(): Promise<void>;
}

export interface HealthSettings {
  readonly healthPort: number;
  readonly listenAddress: string;
}

/** Starts one part; what it throws ends the start of all. */
export type PartStarter = (metrics: Metrics) => ProcessPart | Promise<ProcessPart>;

/** What starters start, each in its place. */
export type StartedBy<Starters extends readonly PartStarter[]> = {
  readonly [Index in keyof Starters]: Awaited<ReturnType<Starters[Index]>>;
};

export interface RunningParts<Parts extends readonly ProcessPart[]> {
  readonly healthPort: number;
  readonly parts: Parts;
  /** Finishes what is in flight, closes everything, resolves when nothing is left. */
  stop(): Promise<void>;
}

/**
 * Starts the parts of a process over one source, one after another, behind one
 * server of health and metrics.
 *
 * @throws what a starter throws, or the system's error when it cannot listen; then nothing is left running
 */
export async function startParts<const Starters extends readonly PartStarter[]>(
  settings: HealthSettings,
  opened: OpenedSource,
  starters: Starters,
): Promise<RunningParts<StartedBy<Starters>>> {
  const metrics = new Metrics();
  metrics.watchStaleness(opened.staleness);
  const parts: ProcessPart[] = [];
  const isStarted = (): boolean => parts.length === starters.length;
  const missing = (): string[] => [
    ...(isStarted() ? [] : ['every part started']),
    ...parts.flatMap((part) => part.missing()),
    ...opened.missing(),
  ];
  const health = buildHealthServer(missing, metrics);
  const stopWaiting = collectGarbageOnce(() => missing().length === 0);
  const stop = async (): Promise<void> => {
    stopWaiting();
    const stopped = await Promise.allSettled(parts.map((part) => part.stop()));
    // Health after them: until the end it says that this process wants no new work.
    await health.close();
    await opened.stop();
    for (const result of stopped) if (result.status === 'rejected') throw result.reason;
  };
  try {
    const healthPort = await listen(health, settings.listenAddress, settings.healthPort);
    for (const start of starters) parts.push(await start(metrics));
    return { healthPort, parts: parts as unknown as StartedBy<Starters>, stop };
  } catch (error) {
    // Why it could not start is what matters.
    await stop().catch(() => undefined);
    throw error;
  }
}

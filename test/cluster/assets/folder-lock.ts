import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './asset-source.ts';
import { formatDuration } from './elapsed-time.ts';

const pollIntervalMs = 200;
const renewIntervalMs = 10_000;
const repeatIntervalMs = 60_000;

/**
 * After this long without renewal the owner is gone, even if its number is in
 * use: after a restart of the machine another process may have it, and on
 * another machine that shares the folder it says nothing.
 */
const staleAfterMs = 2 * 60_000;

/** It is held for as long as it takes to remove one file. */
const guardStaleAfterMs = 10_000;

export interface LockOptions {
  readonly log: Log;
  readonly stopSignal: AbortSignal;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Tells two owners in one process apart. */
  readonly token: string;
}

/**
 * Does the work while no other process that asks for the same lock does its own.
 *
 * Should two of them ever get in at once, after one has been asleep for minutes,
 * they only do the work twice: whatever is made is moved into its place whole.
 */
export async function withLock<Result>(
  path: string,
  { log, stopSignal }: LockOptions,
  work: () => Promise<Result>,
): Promise<Result> {
  const content = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    token: randomUUID(),
  } satisfies Owner);
  await take(path, content, log, stopSignal);
  const renewal = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, renewIntervalMs);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    if ((await readContent(path)) === content) await rm(path, { force: true });
  }
}

async function take(
  path: string,
  content: string,
  log: Log,
  stopSignal: AbortSignal,
): Promise<void> {
  const startedAtMs = performance.now();
  let toldAtMs = Number.NEGATIVE_INFINITY;
  while (!(await tryTake(path, content))) {
    const present = await readContent(path);
    // Gone in the meantime: it is free.
    if (present === undefined) continue;
    const owner = parseOwner(present);
    if ((await isStale(path, owner)) && (await remove(path, present))) {
      log(`${describe(owner)} left its lock behind: taking it over`);
      continue;
    }
    const nowMs = performance.now();
    if (nowMs - toldAtMs > repeatIntervalMs) {
      const waited = nowMs - startedAtMs;
      const soFar = waited < repeatIntervalMs ? '' : ` (${formatDuration(waited)} so far)`;
      log(`${describe(owner)} is bringing the same programs: waiting for it${soFar}`);
      toldAtMs = nowMs;
    }
    await delay(pollIntervalMs, undefined, { signal: stopSignal });
  }
}

async function tryTake(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a lock that was found stale. Of several that wait, all see the same
 * dead owner, and a slow one must not remove what a quick one has put there
 * since: only one at a time may remove, and it looks once more before it does.
 *
 * @returns false when another one is at it
 */
async function remove(path: string, stale: string): Promise<boolean> {
  const guard = `${path}.takeover`;
  if (!(await tryTake(guard, ''))) {
    if (await isOlder(guard, guardStaleAfterMs)) await rm(guard, { force: true });
    return false;
  }
  try {
    if ((await readContent(path)) === stale) await rm(path, { force: true });
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

async function readContent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Nothing while the owner is still writing it, and for a file that is none of ours. */
function parseOwner(content: string): Owner | undefined {
  try {
    const parsed: unknown = JSON.parse(content);
    return isOwner(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isOwner(value: unknown): value is Owner {
  const { pid, host } = (value ?? {}) as { pid?: unknown; host?: unknown };
  return typeof pid === 'number' && typeof host === 'string';
}

async function isStale(path: string, owner: Owner | undefined): Promise<boolean> {
  if (owner !== undefined && owner.host === hostname() && !isAlive(owner.pid)) return true;
  return isOlder(path, staleAfterMs);
}

async function isOlder(path: string, ageMs: number): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    return Date.now() - mtimeMs > ageMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process cannot be signalled, but it is there.
    return codeOf(error) === 'EPERM';
  }
}

function describe(owner: Owner | undefined): string {
  if (owner === undefined) return 'another run';
  const where = owner.host === hostname() ? '' : ` on ${owner.host}`;
  return `another run (process ${owner.pid}${where})`;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

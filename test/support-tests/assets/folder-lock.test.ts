import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AssetWorld } from './asset-world.ts';

async function deadProcessId(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  if (child.pid === undefined) throw new Error('node did not start');
  return child.pid;
}

async function leaveLock(world: AssetWorld, content: string): Promise<void> {
  await mkdir(dirname(world.lockPath), { recursive: true });
  await writeFile(world.lockPath, content);
}

describe('two runs at once', () => {
  it('build once: the second says that it waits, and for whom', async () => {
    const world = await AssetWorld.create();
    await world.addGo();
    const environment = world.environmentWithTools;
    const [first, second] = await Promise.all([
      world.ensure({ environment }),
      world.ensure({ environment }),
    ]);
    expect(second).toEqual(first);
    expect(await world.builds()).toHaveLength(1);
    expect(world.log).toContain(
      `another run (process ${process.pid}) is bringing the same programs: waiting for it`,
    );
  });

  it('do not fail when the first one does: the second tries for itself', async () => {
    const world = await AssetWorld.create();
    const results = await Promise.allSettled([world.ensure(), world.ensure()]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('do not keep the second one from stopping', async () => {
    const world = await AssetWorld.create();
    const owner = JSON.stringify({ pid: process.pid, host: hostname(), token: 'other' });
    await leaveLock(world, owner);
    const stop = new AbortController();
    const result = world.ensure({ stopSignal: stop.signal, log: () => stop.abort() });
    await expect(result).rejects.toThrow(/abort/i);
    expect(await readFile(world.lockPath, 'utf8')).toBe(owner);
  });
});

describe('a lock that was left behind', () => {
  it('by a dead process is taken over', async () => {
    const world = await AssetWorld.create();
    await world.addGo();
    const pid = await deadProcessId();
    await leaveLock(world, JSON.stringify({ pid, host: hostname(), token: 'dead' }));
    await world.ensure({ environment: world.environmentWithTools });
    expect(world.log[0]).toBe(`another run (process ${pid}) left its lock behind: taking it over`);
  });

  it('is taken over by one of many', async () => {
    const world = await AssetWorld.create();
    await world.addGo();
    const pid = await deadProcessId();
    await leaveLock(world, JSON.stringify({ pid, host: hostname(), token: 'dead' }));
    const environment = world.environmentWithTools;
    await Promise.all(Array.from({ length: 5 }, () => world.ensure({ environment })));
    expect(await world.builds()).toHaveLength(1);
  });

  it.each([
    ['by another machine', JSON.stringify({ pid: 1, host: 'elsewhere.invalid', token: 'x' })],
    ['without an owner', ''],
  ])('%s is taken over once it is no longer renewed', async (_what, content) => {
    const world = await AssetWorld.create();
    await world.addGo();
    await leaveLock(world, content);
    const longAgo = new Date(Date.now() - 10 * 60_000);
    await utimes(world.lockPath, longAgo, longAgo);
    await world.ensure({ environment: world.environmentWithTools });
    expect(world.log[0]).toContain('left its lock behind: taking it over');
  });
});

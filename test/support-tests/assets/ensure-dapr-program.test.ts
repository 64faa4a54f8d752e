import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type DaprProgram,
  hashDaprProgram,
  readDaprModule,
} from '../../cluster/assets/dapr-module.ts';
import { ensureDaprProgram } from '../../cluster/assets/ensure-dapr-program.ts';
import { AssetWorld, newEnoughGo } from './asset-world.ts';

/** Newer than what the programs of the control plane need. */
const daprModule = await readDaprModule();
const go = `go${daprModule.go}`;

function ensure(world: AssetWorld, program: DaprProgram = 'injector'): Promise<string> {
  return ensureDaprProgram(program, {
    environment: world.environmentWithTools,
    log: (line) => world.log.push(line),
    platform: { os: 'linux', architecture: 'amd64' },
  });
}

describe("Dapr's injector", () => {
  it('is built once, into a place that says what it is made of', async () => {
    const world = await AssetWorld.create();
    await world.addGo(go);
    const path = await ensure(world);
    expect(path).toBe(
      join(
        dirname(world.cacheFolder),
        `dapr-injector-${daprModule.version}-${await hashDaprProgram('injector')}-linux-amd64`,
      ),
    );
    expect(await readFile(path, 'utf8')).toBe('built\n');
    expect(await ensure(world)).toBe(path);
    const builds = await world.builds();
    expect(builds).toHaveLength(1);
    expect(builds[0]).toContain('CGO_ENABLED=0 build -trimpath ');
    expect(world.log.join('\n')).toContain(`building the injector of Dapr ${daprModule.version}`);
  });

  it('has a place beside daprd of the same Dapr', async () => {
    const world = await AssetWorld.create();
    await world.addGo(go);
    const paths = [await ensure(world), await ensure(world, 'daprd')];
    expect(new Set(paths).size).toBe(2);
    const builds = await world.builds();
    expect(builds.map((build) => build.split(' ').at(-1)?.trim())).toEqual([
      './injector',
      './daprd',
    ]);
  });

  it('is built once for two who want it at once', async () => {
    const world = await AssetWorld.create();
    await world.addGo(go);
    const [one, other] = await Promise.all([ensure(world), ensure(world)]);
    expect(one).toBe(other);
    expect(await world.builds()).toHaveLength(1);
    expect(await readdir(dirname(one))).toHaveLength(1);
  });

  it('that cannot be built says why, and what to do', async () => {
    const world = await AssetWorld.create();
    await world.addGo(go, 'echo "go: b: dial tcp: no such host" >&2; exit 1');
    const failure = await ensure(world).catch(String);
    expect(failure).toContain('  - go build failed:\n    go: b: dial tcp: no such host\n');
    expect(failure).toContain('set GOPROXY');
    expect(existsSync(dirname(world.cacheFolder))).toBe(true);
    expect(await readdir(dirname(world.cacheFolder))).toEqual([]);
  });

  it('needs a Go of its own, which an older one fetches', async () => {
    const world = await AssetWorld.create();
    await world.addGo(newEnoughGo);
    await ensure(world);
    expect(daprModule.go).toMatch(/^1\.\d+\.\d+$/);
    expect(world.log.join('\n')).toContain(`with Go ${daprModule.go}`);
  });
});

describe('the module of both', () => {
  it('is of a Dapr that has native sidecars', () => {
    const [, minor] = /^v1\.(\d+)\.\d+$/.exec(daprModule.version) ?? [];
    expect(Number(minor)).toBeGreaterThanOrEqual(18);
  });
});

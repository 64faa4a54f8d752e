import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureHelm } from '../../cluster/assets/ensure-helm.ts';
import { readHelmModule } from '../../cluster/assets/helm-module.ts';
import { AssetWorld } from './asset-world.ts';

const helmModule = await readHelmModule();
const go = `go${helmModule.go}`;

function ensure(world: AssetWorld): Promise<string> {
  return ensureHelm({
    environment: world.environmentWithTools,
    log: (line) => world.log.push(line),
    platform: { os: 'linux', architecture: 'amd64' },
  });
}

describe('Helm', () => {
  it('is built once, and knows its version', async () => {
    const world = await AssetWorld.create();
    await world.addGo(go);
    const path = await ensure(world);
    const name = `helm-${helmModule.helm}-${helmModule.hash}-linux-amd64`;
    expect(path).toBe(join(dirname(world.cacheFolder), name));
    expect(await readFile(path, 'utf8')).toBe('built\n');
    expect(await ensure(world)).toBe(path);
    const builds = await world.builds();
    expect(builds).toHaveLength(1);
    expect(builds[0]).toContain(`internal/version.version=${helmModule.helm} `);
  });

  it('that cannot be built says why, and what to do', async () => {
    const world = await AssetWorld.create();
    const failure = await ensure(world).catch(String);
    expect(failure).toContain(`Cannot build Helm ${helmModule.helm}:`);
    expect(failure).toContain('there is no go on the PATH');
    expect(failure).toContain('set GOPROXY');
  });

  it('is a release of the present major version', () => {
    expect(helmModule.helm).toMatch(/^v4\.\d+\.\d+$/);
  });
});

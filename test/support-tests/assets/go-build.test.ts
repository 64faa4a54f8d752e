import { describe, expect, it } from 'vitest';
import { AssetWorld, newEnoughGo } from './asset-world.ts';
import { pinned } from './pinned.ts';

describe('a build', () => {
  it('does not depend on the settings of the user', async () => {
    const world = await AssetWorld.create();
    await world.addGo();
    await world.ensure({
      environment: { ...world.environmentWithTools, GOFLAGS: '-mod=mod', CGO_ENABLED: '1' },
    });
    const [build] = await world.builds();
    expect(build).toContain('GOFLAGS=-mod=readonly GOTOOLCHAIN=local CGO_ENABLED=0 build ');
  });

  it('tells the programs their version', async () => {
    const world = await AssetWorld.create();
    await world.addGo();
    await world.ensure({ environment: world.environmentWithTools });
    const [build] = await world.builds();
    for (const path of ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']) {
      expect(build).toContain(`-X ${path}.gitVersion=${pinned.kubernetes}`);
      expect(build).toContain(`-X ${path}.gitMajor=1`);
      expect(build).toContain(`-X ${path}.gitMinor=${pinned.kubernetes.split('.')[1]}`);
    }
  });

  it('is not tried with a Go that can neither build them nor fetch one that can', async () => {
    const world = await AssetWorld.create();
    await world.addGo('go1.20.14');
    await expect(world.ensure()).rejects.toThrow(
      `Go 1.20.14 is installed, ${pinned.go} or newer is needed`,
    );
    expect(await world.builds()).toEqual([]);
  });

  it('lets an older Go fetch the one it needs', async () => {
    const world = await AssetWorld.create();
    await world.addGo('go1.24.2');
    await world.ensure({ environment: world.environmentWithTools });
    const [build] = await world.builds();
    expect(build).toContain('GOTOOLCHAIN=auto');
    expect(world.log).toContain(
      `Go 1.24.2 is installed, ${pinned.go} is needed: it fetches that one by itself`,
    );
  });

  it('leaves it to the user whether an older Go may fetch another', async () => {
    const world = await AssetWorld.create();
    await world.addGo('go1.24.2');
    await world.ensure({
      environment: { ...world.environmentWithTools, GOTOOLCHAIN: 'path' },
    });
    const [build] = await world.builds();
    expect(build).toContain('GOTOOLCHAIN=path');
  });

  it('that fails says why, without the list of what it downloaded', async () => {
    const world = await AssetWorld.create();
    await world.addGo(
      newEnoughGo,
      'echo "go: downloading a v1" >&2; echo "go: b: dial tcp: no such host" >&2; exit 1',
    );
    const failure = await world.ensure({ environment: world.environmentWithTools }).catch(String);
    expect(failure).toContain('    - go build failed:\n      go: b: dial tcp: no such host\n');
    expect(failure).not.toContain('go: downloading');
  });

  it('stops when it is told to', async () => {
    const world = await AssetWorld.create();
    const stop = new AbortController();
    await world.addGo(newEnoughGo, 'exec sleep 30');
    const result = world.ensure({
      environment: world.environmentWithTools,
      stopSignal: stop.signal,
      log: (line) => line.startsWith('building') && setTimeout(() => stop.abort(), 50),
    });
    await expect(result).rejects.toThrow(/abort/i);
  });
});

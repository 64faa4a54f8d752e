import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { AssetWorld } from './asset-world.ts';
import { pinned } from './pinned.ts';
import { ReleaseServer } from './release-server.ts';

const apiServerPath = `/kubernetes/${pinned.kubernetes}/bin/linux/amd64/kube-apiserver`;
const etcdSumsPath = `/etcd/${pinned.etcd}/SHA256SUMS`;

describe('a download', () => {
  it('is refused when it is not what was published', async () => {
    const world = await AssetWorld.create();
    const releases = await ReleaseServer.start();
    await releases.addAll();
    releases.answers.set(apiServerPath, Buffer.from('something else'));
    const result = world.ensure({
      environment: world.environmentWithTools,
      releases: releases.site,
    });
    await expect(result).rejects.toThrow(`${apiServerPath} is not what was published`);
    expect(await readdir(world.cacheFolder)).not.toContain('kube-apiserver');
  });

  it('is refused when no checksum is published for it', async () => {
    const world = await AssetWorld.create();
    const releases = await ReleaseServer.start();
    await releases.addAll();
    releases.answers.set(`${apiServerPath}.sha256`, Buffer.from('<html>sign in</html>'));
    const result = world.ensure({
      environment: world.environmentWithTools,
      releases: releases.site,
    });
    await expect(result).rejects.toThrow(
      `${apiServerPath}.sha256 has no SHA-256 of kube-apiserver`,
    );
    expect(releases.requests).not.toContain(apiServerPath);
  });

  it('keeps what came whole before another failed', async () => {
    const world = await AssetWorld.create();
    const releases = await ReleaseServer.start();
    releases.addKubernetes('kube-apiserver');
    await releases.addEtcd();
    const result = world.ensure({
      environment: world.environmentWithTools,
      releases: releases.site,
    });
    await expect(result).rejects.toThrow('kube-controller-manager.sha256 answered 404');
    expect(await readdir(world.cacheFolder)).toEqual(['etcd', 'kube-apiserver']);
  });

  it('is given up soon when nobody answers', async () => {
    const world = await AssetWorld.create();
    const releases = await ReleaseServer.start();
    releases.answers.set(`${apiServerPath}.sha256`, () => undefined);
    releases.answers.set(etcdSumsPath, () => undefined);
    const result = world.ensure({ releases: { ...releases.site, answerTimeoutMs: 50 } });
    await expect(result).rejects.toThrow(`${apiServerPath}.sha256 gave no answer within 0.05 s`);
    expect(releases.requests.toSorted()).toEqual([etcdSumsPath, `${apiServerPath}.sha256`]);
  });

  it('is given up when it stalls', async () => {
    const world = await AssetWorld.create();
    const releases = await ReleaseServer.start();
    await releases.addAll();
    releases.answers.set(apiServerPath, (response) => response.write('the beginning'));
    const result = world.ensure({
      environment: world.environmentWithTools,
      releases: { ...releases.site, stallTimeoutMs: 50 },
    });
    await expect(result).rejects.toThrow(`${apiServerPath} sent nothing more within 0.05 s`);
  });

  it('is given up when the connection breaks', async () => {
    const world = await AssetWorld.create();
    const releases = await ReleaseServer.start();
    await releases.addAll();
    releases.answers.set(apiServerPath, (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('the beginning', () => response.destroy());
    });
    const result = world.ensure({
      environment: world.environmentWithTools,
      releases: releases.site,
    });
    await expect(result).rejects.toThrow(`${apiServerPath} cannot be reached`);
  });

  it('stops when it is told to', async () => {
    const world = await AssetWorld.create();
    const releases = await ReleaseServer.start();
    const stop = new AbortController();
    releases.answers.set(`${apiServerPath}.sha256`, () => stop.abort());
    await world.addGo();
    const result = world.ensure({ releases: releases.site, stopSignal: stop.signal });
    await expect(result).rejects.toThrow(/abort/i);
    expect(await world.builds()).toEqual([]);
  });
});

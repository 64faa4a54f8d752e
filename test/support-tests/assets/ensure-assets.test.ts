import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AssetPaths } from '../../cluster/assets/ensure-assets.ts';
import { programNames } from '../../cluster/assets/program-names.ts';
import { AssetWorld, cacheSubfolder, kubebuilderPrograms } from './asset-world.ts';
import { kubernetesVersionText, pinned } from './pinned.ts';
import { ReleaseServer } from './release-server.ts';

function pathsIn(folder: string): AssetPaths {
  return {
    etcd: join(folder, 'etcd'),
    kubeApiserver: join(folder, 'kube-apiserver'),
    kubeControllerManager: join(folder, 'kube-controller-manager'),
    kubectl: join(folder, 'kubectl'),
  };
}

async function contents(paths: AssetPaths): Promise<string[]> {
  const texts = Object.values(paths).map((path: string) => readFile(path, 'utf8'));
  return (await Promise.all(texts)).map((text) => text.trim());
}

describe('KUBEBUILDER_ASSETS', () => {
  it('is all that is looked at when it has every program, whatever their version', async () => {
    const world = await AssetWorld.create();
    const folder = await world.addPrograms('given', programNames, kubernetesVersionText(-2));
    const paths = await world.ensure({
      environment: { ...world.environment, KUBEBUILDER_ASSETS: folder },
    });
    expect(paths).toEqual(pathsIn(folder));
    expect(existsSync(join(world.folder, 'cache'))).toBe(false);
  });

  it('gives what it has, and the rest comes from elsewhere', async () => {
    const world = await AssetWorld.create();
    const releases = await ReleaseServer.start();
    await releases.addAll();
    const folder = await world.addPrograms('given', kubebuilderPrograms, kubernetesVersionText(0));
    const paths = await world.ensure({
      environment: { ...world.environment, KUBEBUILDER_ASSETS: folder },
      releases: releases.site,
    });
    expect(paths).toEqual({
      ...pathsIn(folder),
      kubeControllerManager: join(world.cacheFolder, 'kube-controller-manager'),
    });
    expect(await readdir(world.cacheFolder)).toEqual(['kube-controller-manager']);
    expect(world.log).toContain('KUBEBUILDER_ASSETS has etcd, kube-apiserver, kubectl');
  });

  it.each([
    ['older than ours', -1],
    ['two minors newer than ours', 2],
  ])('is not mixed with ours when its API server is %s', async (_what, minorsAway) => {
    const world = await AssetWorld.create();
    const versionText = kubernetesVersionText(minorsAway);
    await world.addPrograms(world.cacheFolder.slice(world.folder.length), programNames, 'cached');
    const folder = await world.addPrograms('given', kubebuilderPrograms, versionText);
    const paths = await world.ensure({
      environment: { ...world.environment, KUBEBUILDER_ASSETS: folder },
    });
    expect(paths).toEqual(pathsIn(world.cacheFolder));
    expect(world.log.join('\n')).toContain(
      `kube-controller-manager ${pinned.kubernetes.slice(1)} (pinned) does not go with kube-apiserver ${versionText.slice('Kubernetes v'.length)} (in the folder)`,
    );
  });

  it('is not used when its programs do not run here', async () => {
    const world = await AssetWorld.create();
    await world.addPrograms(world.cacheFolder.slice(world.folder.length), programNames, 'cached');
    const folder = await world.addPrograms('given', programNames, 'no version to tell');
    const paths = await world.ensure({
      environment: { ...world.environment, KUBEBUILDER_ASSETS: folder },
    });
    expect(paths).toEqual(pathsIn(world.cacheFolder));
    expect(world.log).toEqual([
      `KUBEBUILDER_ASSETS: ${join(folder, 'etcd')} does not tell its version on this machine`,
    ]);
  });
});

describe('the cache', () => {
  it('is used without a word, a download or a build', async () => {
    const world = await AssetWorld.create();
    await world.addGo();
    await world.addPrograms(world.cacheFolder.slice(world.folder.length), programNames, 'cached');
    expect(await world.ensure()).toEqual(pathsIn(world.cacheFolder));
    expect(world.log).toEqual([]);
    expect(await world.builds()).toEqual([]);
  });

  it('is filled with what it lacks and keeps what it has', async () => {
    const world = await AssetWorld.create();
    await world.addGo();
    const folder = world.cacheFolder.slice(world.folder.length);
    await world.addPrograms(folder, ['etcd', 'kubectl'], 'cached');
    const paths = await world.ensure({ environment: world.environmentWithTools });
    const texts = await contents(paths);
    expect(texts).toEqual([
      "#!/bin/sh\necho 'cached'",
      'built',
      'built',
      "#!/bin/sh\necho 'cached'",
    ]);
  });

  it('is below the home folder when XDG_CACHE_HOME is not an absolute path', async () => {
    const world = await AssetWorld.create();
    const folder = join(world.folder, '.cache', cacheSubfolder);
    await world.addPrograms(folder.slice(world.folder.length), programNames, 'cached');
    const environment = { ...world.environment, XDG_CACHE_HOME: 'relative' };
    expect(await world.ensure({ environment })).toEqual(pathsIn(folder));
  });

  it('is left with whole programs only, and without what a killed run left', async () => {
    const world = await AssetWorld.create();
    const releases = await ReleaseServer.start();
    await releases.addAll();
    await mkdir(`${world.cacheFolder}.partial-killed`, { recursive: true });
    await world.ensure({ environment: world.environmentWithTools, releases: releases.site });
    expect(await readdir(join(world.cacheFolder, '..'))).toEqual([basename(cacheSubfolder)]);
    expect(await readdir(world.cacheFolder)).toEqual([...programNames]);
    for (const name of programNames) {
      expect((await stat(join(world.cacheFolder, name))).mode & 0o777).toBe(0o755);
    }
  });
});

describe('the order of sources', () => {
  it('prefers downloads to a build', async () => {
    const world = await AssetWorld.create();
    await world.addGo();
    const releases = await ReleaseServer.start();
    await releases.addAll();
    const paths = await world.ensure({
      environment: world.environmentWithTools,
      releases: releases.site,
    });
    expect(paths).toEqual(pathsIn(world.cacheFolder));
    expect(await contents(paths)).toEqual(programNames.map((name) => `downloaded ${name}`));
    expect(await world.builds()).toEqual([]);
  });

  it('builds what cannot be downloaded, and nothing else', async () => {
    const world = await AssetWorld.create();
    await world.addGo();
    const releases = await ReleaseServer.start();
    await releases.addEtcd();
    const paths = await world.ensure({
      environment: world.environmentWithTools,
      releases: releases.site,
    });
    expect(await contents(paths)).toEqual(['downloaded etcd', 'built', 'built', 'built']);
    const [build, ...others] = await world.builds();
    expect(others).toEqual([]);
    expect(build).not.toContain('etcd');
  });

  it('builds for macOS what is not released for it, without asking for it', async () => {
    const world = await AssetWorld.create();
    await world.addGo();
    const releases = await ReleaseServer.start();
    releases.addKubernetes('kubectl', 'darwin/arm64');
    const paths = await world.ensure({
      environment: world.environmentWithTools,
      releases: releases.site,
      platform: { os: 'darwin', architecture: 'arm64' },
    });
    expect(await contents(paths)).toEqual(['built', 'built', 'built', 'downloaded kubectl']);
    expect(releases.requests.filter((path) => path.includes('kube-'))).toEqual([]);
    expect(world.log.join('\n')).toContain('Kubernetes releases no kube-apiserver for darwin');
  });
});

describe('when no source has the programs', () => {
  it('one message says what was tried, why it failed and what to set', async () => {
    const world = await AssetWorld.create();
    await expect(world.ensure()).rejects.toMatchObject({
      name: 'AssetsError',
      message: `No source has etcd, kube-apiserver, kube-controller-manager, kubectl for the test cluster (Kubernetes ${pinned.kubernetes}, etcd ${pinned.etcd}, linux/amd64).

Tried, in this order:
  KUBEBUILDER_ASSETS
    - it is not set
  the cache
    - ${world.cacheFolder} has no etcd, kube-apiserver, kube-controller-manager, kubectl
  downloads from http://127.0.0.1:2/kubernetes and http://127.0.0.1:2/etcd
    - http://127.0.0.1:2/kubernetes/${pinned.kubernetes}/bin/linux/amd64/kube-apiserver.sha256 cannot be reached (ECONNREFUSED)
    - http://127.0.0.1:2/etcd/${pinned.etcd}/SHA256SUMS cannot be reached (ECONNREFUSED)
  a build from Go modules
    - there is no go on the PATH (ENOENT)

Any one of these helps:
  - set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, kube-controller-manager and kubectl
  - let this machine reach dl.k8s.io and github.com (behind a proxy: set HTTPS_PROXY and NODE_USE_ENV_PROXY=1)
  - install Go ${pinned.go} or newer, and set GOPROXY to a module proxy that this machine reaches`,
    });
  });

  it('names only the programs that are missing', async () => {
    const world = await AssetWorld.create();
    const folder = await world.addPrograms('given', kubebuilderPrograms, kubernetesVersionText(0));
    const environment = { ...world.environment, KUBEBUILDER_ASSETS: folder };
    await expect(world.ensure({ environment })).rejects.toThrow(
      /^No source has kube-controller-manager for the test cluster/,
    );
  });

  it('leaves no lock and nothing half made', async () => {
    const world = await AssetWorld.create();
    await expect(world.ensure()).rejects.toThrow('No source has');
    expect(await readdir(join(world.cacheFolder, '..'))).toEqual([basename(cacheSubfolder)]);
    expect(await readdir(world.cacheFolder)).toEqual([]);
  });
});

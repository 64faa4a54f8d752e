import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openCluster } from '../../src/processes/open-cluster.ts';
import { fakeCluster } from '../adapters/kubernetes/fake-cluster.ts';
import { until } from '../adapters/kubernetes/until.ts';
import { writeKubeConfig } from '../support/fake-kubeconfig.ts';
import { logInMemory } from '../support/log-in-memory.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a cluster is followed from the start, and does not hold the start up', async () => {
  const server = fakeCluster();
  await server.start();
  onTestFinished(() => server.stop());
  server.put('functions', 'demo', 'orders');
  const path = await writeKubeConfig(server, await temporaryFolder());
  const { log, lines } = logInMemory();
  const result = await openCluster({ kubeconfig: path, serviceAccountDir: '/none' }, log);
  if (!('opened' in result)) throw new Error(result.problems.join());
  const { opened } = result;
  expect(opened.missing()).toHaveLength(3);
  expect(opened.namespace).toBe('home');
  await until(() => expect(opened.missing()).toEqual([]));
  expect(opened.source.function('demo', 'orders')).toBeDefined();
  expect(lines('watching')).toContainEqual(
    expect.objectContaining({ resource: 'functions.core.openfunction.io', version: 'v1beta2' }),
  );
  await opened.stop();
  await until(() => expect(server.openConnections).toBe(0));
});

test('a kubeconfig that cannot be read is a problem with the way out, and nothing is started', async () => {
  const folder = await temporaryFolder();
  const broken = join(folder, 'broken');
  await writeFile(broken, 'clusters: [');
  for (const path of [join(folder, 'none'), broken, folder]) {
    const { log, all } = logInMemory();
    const result = await openCluster({ kubeconfig: path, serviceAccountDir: '/none' }, log);
    expect('problems' in result && result.problems).toEqual([
      expect.stringMatching(
        /^no way to the cluster: .*[^.] \(--kubeconfig names a kubeconfig; in a pod its ServiceAccount is enough; webhook --offline works without a cluster\)$/s,
      ),
    ]);
    expect(all).toEqual([]);
  }
});

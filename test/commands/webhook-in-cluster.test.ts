import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { applyPatch } from '../../src/adapters/apply-patch.ts';
import { ensureLocalCertificates } from '../../src/adapters/tls/local-certificates.ts';
import { at } from '../../src/api/json.ts';
import { AdmissionClient } from '../../src/commands/demo/admission-client.ts';
import { FakeApiServer } from '../adapters/kubernetes/fake-api-server.ts';
import { RunningProgram } from '../support/run-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('webhook follows the Functions of a cluster, is ready when it knows them, and stops cleanly', async () => {
  const folder = await temporaryFolder();
  await ensureLocalCertificates(folder, new Date());
  const [cert, key, ca] = await Promise.all(
    ['tls.crt', 'tls.key', 'ca.crt'].map((name) => readFile(join(folder, name), 'utf8')),
  );
  if (cert === undefined || key === undefined || ca === undefined)
    throw new Error('no certificate');
  const api = new FakeApiServer({ cert, key });
  onTestFinished(() => api.stop());
  let isHanging = true;
  api.intercept = () => (isHanging ? 'hang' : undefined);
  api.install('core.openfunction.io/v1beta2', 'functions', 'Function');
  api.put('functions', 'shop', 'orders', {
    spec: { serving: { annotations: { 'openfunction.io/enable-dapr': 'true' } } },
  });
  await api.start();

  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, api.kubeConfig().exportConfig());
  const program = new RunningProgram([
    ...['webhook', '--kubeconfig', kubeconfig, '--cert-dir', folder],
    ...['--port', '0', '--health-port', '0'],
  ]);
  onTestFinished(() => program.kill());
  const { port, healthPort } = (await program.logged('listening')) as Record<string, number>;
  const ready = async (): Promise<[number, unknown]> => {
    const answer = await fetch(`http://127.0.0.1:${healthPort}/readyz`);
    return [answer.status, await answer.json()];
  };
  expect(await ready()).toEqual([
    503,
    {
      status: 'not ready',
      missing: [
        'mutatingwebhookconfigurations.admissionregistration.k8s.io',
        'validatingwebhookconfigurations.admissionregistration.k8s.io',
        'functions.core.openfunction.io',
        'servings.core.openfunction.io',
        'components.dapr.io',
      ],
    },
  ]);
  isHanging = false;
  api.resetConnections();
  await expect.poll(ready, { timeout: 20_000 }).toEqual([200, { status: 'ready' }]);

  const client = new AdmissionClient(port ?? 0, ca);
  onTestFinished(() => client.close());
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'orders-', labels: { 'openfunction.io/function': 'orders' } },
    spec: { containers: [{ name: 'function' }] },
  };
  const reply = await client.call({
    path: '/mutate/pods',
    operation: 'CREATE',
    namespace: 'shop',
    object,
  });
  expect(
    at(applyPatch(object, reply.patch), 'metadata', 'labels', 'baas.openfunction.io/mode'),
  ).toBe('standalone');
  const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
  expect(metrics).toMatch(
    /baas_watch_staleness_seconds\{resource="functions\.core\.openfunction\.io"\} \d/,
  );
  client.close();
  program.child.kill('SIGTERM');
  expect(await program.exit()).toBe(0);
});

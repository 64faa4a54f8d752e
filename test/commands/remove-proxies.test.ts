import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { FakeApiServer } from '../adapters/kubernetes/fake-api-server.ts';
import { fakeCluster } from '../adapters/kubernetes/fake-cluster.ts';
import { status } from '../adapters/kubernetes/mishap.ts';
import { writeKubeConfig } from '../support/fake-kubeconfig.ts';
import { runProgram } from '../support/run-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let server: FakeApiServer;
let kubeconfig: string;

beforeEach(async () => {
  server = fakeCluster();
  await server.start();
  onTestFinished(() => server.stop());
  kubeconfig = await writeKubeConfig(server, await temporaryFolder());
  server.put('deployments', 'shop', 'orders-dapr-proxy', {
    metadata: {
      labels: {
        'baas.openfunction.io/proxy': 'orders',
        'app.kubernetes.io/managed-by': 'openfunction-dapr-webhook',
      },
      ownerReferences: [
        {
          apiVersion: 'core.openfunction.io/v1beta2',
          kind: 'Function',
          name: 'orders',
          uid: 'u1',
          controller: true,
        },
      ],
    },
  });
});

describe('remove-proxies', () => {
  test('removes them, says which, and ends with 0', async () => {
    const { code, stdout } = await runProgram(['remove-proxies', '--kubeconfig', kubeconfig]);
    expect(code).toBe(0);
    expect(server.names('deployments')).toEqual([]);
    expect(stdout).toContain('"kind":"Deployment","namespace":"shop","name":"orders-dapr-proxy"');
    expect(stdout).toMatch(/"removed":1.*"msg":"done"/);
  });

  test('ends with 1 and the reason when it may not', async () => {
    server.intercept = ({ plural }) =>
      plural === 'deployments' ? status(403, 'Forbidden', 'no') : undefined;
    const { code, stdout } = await runProgram(['remove-proxies', '--kubeconfig', kubeconfig]);
    expect(code).toBe(1);
    expect(stdout).toContain('has to grant \\"list\\" on \\"deployments\\"');
    expect(server.names('deployments')).toHaveLength(1);
  });

  test('says when there is no way to the cluster', async () => {
    const { code, stdout } = await runProgram(['remove-proxies', '--kubeconfig', '/none']);
    expect(code).toBe(1);
    expect(stdout).toContain('no way to the cluster');
  });
});

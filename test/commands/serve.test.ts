import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { applyPatch } from '../../src/adapters/apply-patch.ts';
import { ensureLocalCertificates } from '../../src/adapters/tls/local-certificates.ts';
import { AdmissionClient } from '../../src/commands/demo/admission-client.ts';
import type { FakeApiServer } from '../adapters/kubernetes/fake-api-server.ts';
import { fakeCluster } from '../adapters/kubernetes/fake-cluster.ts';
import { until } from '../adapters/kubernetes/until.ts';
import { writeKubeConfig } from '../support/fake-kubeconfig.ts';
import { pick } from '../support/json.ts';
import { RunningProgram, runProgram } from '../support/run-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let server: FakeApiServer;
/** Certificates and kubeconfig. */
let folder: string;
let kubeconfig: string;

beforeEach(async () => {
  server = fakeCluster();
  await server.start();
  onTestFinished(() => server.stop());
  folder = await temporaryFolder();
  kubeconfig = await writeKubeConfig(server, folder);
  await ensureLocalCertificates(folder, new Date());
});

/** Arguments of a process that takes free ports. */
function args(...more: string[]): string[] {
  return [
    ...['serve', '--kubeconfig', kubeconfig, '--cert-dir', folder],
    ...['--port', '0', '--health-port', '0', ...more],
  ];
}

/** A port that somebody else has, for as long as the test takes. */
async function takenPort(): Promise<number> {
  const other = createServer().listen(0);
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  return (other.address() as AddressInfo).port;
}

describe('serve', () => {
  test('admits the Pods of a Function and keeps its proxy, in one process', async () => {
    server.put('functions', 'demo', 'orders', {
      spec: { serving: { annotations: { 'openfunction.io/enable-dapr': 'true' } } },
    });
    const program = new RunningProgram(args());
    onTestFinished(() => program.kill());
    const { port, healthPort } = (await program.logged('listening')) as Record<string, number>;
    const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${healthPort}${path}`);
    await until(async () => expect((await get('/readyz')).status).toBe(200));
    await until(() => expect(server.names('deployments')).toEqual(['demo/orders-dapr-proxy']));

    const client = new AdmissionClient(port ?? 0, await readFile(join(folder, 'ca.crt'), 'utf8'));
    onTestFinished(() => client.close());
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'orders-', labels: { 'openfunction.io/function': 'orders' } },
      spec: { containers: [{ name: 'function' }] },
    };
    const call = { path: '/mutate/pods', operation: 'CREATE', namespace: 'demo', object } as const;
    const { patch } = await client.call(call);
    const mode = pick(
      applyPatch(object, patch),
      ...['metadata', 'labels', 'baas.openfunction.io/mode'],
    );
    expect(mode).toBe('standalone');

    const metrics = await (await get('/metrics')).text();
    for (const line of [
      /^baas_leader 1$/m,
      /^baas_admission_requests_total\{.*mode="standalone".*\} 1$/m,
      /^baas_certificate_expiry_timestamp_seconds \d/m,
      /^baas_watch_staleness_seconds\{resource="functions\.core\.openfunction\.io"\} /m,
      /^baas_watch_staleness_seconds\{resource="pods \(of a function\)"\} /m,
    ]) {
      expect(metrics).toMatch(line);
    }
    client.close();
    program.child.kill('SIGTERM');
    expect(await program.exit()).toBe(0);
    expect(program.stderr).toBe('');
    const lease = server.get('leases', 'home', 'openfunction-dapr-webhook');
    expect(pick(lease, 'spec', 'holderIdentity')).toBe('');
  });

  test('starts while the API server is away, is not ready, and stops with 0', async () => {
    await server.stop();
    const program = new RunningProgram(args());
    onTestFinished(() => program.kill());
    const { healthPort } = await program.logged('listening');
    const answer = await fetch(`http://127.0.0.1:${healthPort}/readyz`);
    expect(answer.status).toBe(503);
    program.child.kill('SIGTERM');
    expect(await program.exit()).toBe(0);
  });
});

describe('serve at the start', () => {
  test('explains itself', async () => {
    const { code, stdout } = await runProgram(['serve', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: openfunction-dapr-webhook serve');
    for (const flag of ['--cert-dir', '--lease-name', '--proxy-image', '--port']) {
      expect(stdout).toContain(flag);
    }
  });

  test('says that a kubeconfig is not there, and exits with 1', async () => {
    const missing = join(folder, 'none');
    const { code, stdout } = await runProgram(args('--kubeconfig', missing));
    expect(code).toBe(1);
    expect(stdout).toContain(`no way to the cluster`);
    expect(stdout).toContain(missing);
  });

  test('without a certificate exits with 1, and writes nothing', async () => {
    const empty = await temporaryFolder();
    const { code, stdout } = await runProgram(args('--cert-dir', empty));
    expect(code).toBe(1);
    expect(stdout).toContain('tls.crt');
    expect(server.writes).toEqual([]);
  });

  test.each(['--port', '--health-port'])(
    'names the option when %s is taken, exits with 1, and writes nothing',
    async (flag) => {
      const port = await takenPort();
      const { code, stdout } = await runProgram(args(flag, String(port)));
      expect(code).toBe(1);
      expect(stdout).toContain(`port ${port} is taken; choose another with ${flag}"`);
      expect(server.writes).toEqual([]);
    },
  );
});

import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { FakeApiServer } from '../adapters/kubernetes/fake-api-server.ts';
import { fakeCluster } from '../adapters/kubernetes/fake-cluster.ts';
import { until } from '../adapters/kubernetes/until.ts';
import { writeKubeConfig } from '../support/fake-kubeconfig.ts';
import { pick } from '../support/json.ts';
import { RunningProgram, runProgram } from '../support/run-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let server: FakeApiServer;
let kubeconfig: string;

beforeEach(async () => {
  server = fakeCluster();
  await server.start();
  onTestFinished(() => server.stop());
  kubeconfig = await writeKubeConfig(server, await temporaryFolder());
});

/** The controller as a process, listening. */
async function startController(...args: string[]) {
  const program = new RunningProgram([
    ...['controller', '--kubeconfig', kubeconfig, '--health-port', '0'],
    ...args,
  ]);
  onTestFinished(() => program.kill());
  const { healthPort } = await program.logged('listening');
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${healthPort}${path}`);
  return { program, get };
}

describe('controller', () => {
  test('is ready when it knows the Functions, keeps their proxies, and stops with 0', async () => {
    server.put('functions', 'demo', 'orders', {
      spec: { serving: { annotations: { 'openfunction.io/enable-dapr': 'true' } } },
    });
    const { program, get } = await startController('--proxy-image', 'example.com/proxy:v7');
    await until(async () => expect((await get('/readyz')).status).toBe(200));
    await until(() => expect(server.names('deployments')).toEqual(['demo/orders-dapr-proxy']));
    const live = server.get('deployments', 'demo', 'orders-dapr-proxy');
    expect(pick(live, 'spec', 'template', 'spec', 'containers', 0, 'image')).toBe(
      'example.com/proxy:v7',
    );
    // Where the Lease is comes from the kubeconfig's context.
    expect(server.names('leases')).toEqual(['home/openfunction-dapr-webhook']);
    const metrics = await (await get('/metrics')).text();
    for (const line of [
      /^baas_leader 1$/m,
      /^baas_queue_depth 0$/m,
      /^baas_functions\{mode="standalone"\} 1$/m,
      /^baas_writes_total\{kind="Deployment",verb="apply"\} 1$/m,
      /^baas_watch_staleness_seconds\{resource="deployments\.apps \(kept\)"\} /m,
    ]) {
      expect(metrics).toMatch(line);
    }
    program.child.kill('SIGTERM');
    expect(await program.exit()).toBe(0);
    const lease = server.get('leases', 'home', 'openfunction-dapr-webhook');
    expect(pick(lease, 'spec', 'holderIdentity')).toBe('');
    expect(program.stderr).toBe('');
  });

  test('starts while the API server is away, is not ready, and stops with 0', async () => {
    await server.stop();
    const { program, get } = await startController();
    expect((await get('/healthz')).status).toBe(200);
    const ready = await get('/readyz');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      missing: [
        'functions.core.openfunction.io',
        'servings.core.openfunction.io',
        'components.dapr.io',
      ],
    });
    await program.logged(
      `Cannot get leases.coordination.k8s.io "openfunction-dapr-webhook" in namespace "home": connect ECONNREFUSED ${server.url.slice('http://'.length)}`,
    );
    program.child.kill('SIGTERM');
    expect(await program.exit()).toBe(0);
    expect(program.stderr).toBe('');
  });

  test('stops with 0 while it leads and the API server is away', async () => {
    const { program, get } = await startController('--lease-namespace', 'elsewhere');
    await until(async () =>
      expect(await (await get('/metrics')).text()).toMatch(/^baas_leader 1$/m),
    );
    expect(server.names('leases')).toEqual(['elsewhere/openfunction-dapr-webhook']);
    await server.stop();
    program.child.kill('SIGTERM');
    expect(await program.exit()).toBe(0);
  });

  test('leads without a Lease where it is told to', async () => {
    server.put('functions', 'demo', 'orders', {
      spec: { serving: { annotations: { 'openfunction.io/enable-dapr': 'true' } } },
    });
    await startController('--no-leader-elect');
    await until(() => expect(server.names('deployments')).toHaveLength(1));
    expect(server.names('leases')).toEqual([]);
  });
});

test('a settings file that changes is said to, and what it said at the start holds', async () => {
  const file = join(await temporaryFolder(), 'settings.yaml');
  await writeFile(file, 'proxy-image: example.com/proxy:v1');
  const { program } = await startController('--settings-file', file);
  const told = () => program.log.find(({ msg }) => String(msg).includes('settings file changed'));
  // Once it was looked at, the next change is seen.
  await until(async () => {
    await writeFile(file, `proxy-image: example.com/proxy:at-${performance.now()}`);
    expect(told()).toMatchObject({ level: 'warn', settingsFile: file });
  });
  server.put('functions', 'demo', 'orders', {
    spec: { serving: { annotations: { 'openfunction.io/enable-dapr': 'true' } } },
  });
  await until(() => expect(server.names('deployments')).toHaveLength(1));
  expect(JSON.stringify(server.get('deployments', 'demo', 'orders-dapr-proxy'))).toContain(
    'example.com/proxy:v1',
  );
  program.child.kill('SIGTERM');
  expect(await program.exit()).toBe(0);
});

describe('controller at the start', () => {
  test('explains itself', async () => {
    const { code, stdout } = await runProgram(['controller', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: openfunction-dapr-webhook controller');
    for (const flag of ['--lease-name', '--concurrency', '--repair-rate', '--proxy-image']) {
      expect(stdout).toContain(flag);
    }
    // It admits nothing.
    expect(stdout).not.toContain('--cert-dir');
  });

  test('says that a kubeconfig is not there, and exits with 1', async () => {
    const missing = join(await temporaryFolder(), 'none');
    const { code, stdout } = await runProgram(['controller', '--kubeconfig', missing]);
    expect(code).toBe(1);
    expect(stdout).toContain(missing);
    expect(stdout).toContain('no way to the cluster');
  });

  test('names the option for a port that is taken, and exits with 1', async () => {
    const other = createServer().listen(0);
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stdout } = await runProgram([
      ...['controller', '--kubeconfig', kubeconfig, '--health-port', String(port)],
    ]);
    expect(code).toBe(1);
    expect(stdout).toContain(`port ${port} is taken; choose another with --health-port"`);
  });

  test('reports every wrong option at once, and exits with 2', async () => {
    const { code, stderr } = await runProgram([
      ...['controller', '--concurrency', '0', '--repair-rate', 'x', '--offline'],
    ]);
    expect(code).toBe(2);
    const problems = stderr.split('\n').filter(Boolean);
    expect(problems).toHaveLength(3);
    for (const problem of problems) expect(problem).toMatch(/^controller: /);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../src/api/json.ts';
import { gracePeriod } from '../../src/settings/data-plane-options.ts';
import { freePort } from '../cluster/harness/free-port.ts';
import { createStandIn } from '../support/dapr/create-stand-in.ts';
import { FunctionPod } from '../support/dapr/function-pod.ts';
import { listAt, pick, textAt } from '../support/json.ts';
import { NameServer } from '../support/name-server.ts';
import { envValues } from '../support/pods.ts';
import { RunningProgram, runProgram } from '../support/run-process.ts';

/**
 * An address of loopback that no other program takes: proxy and pod have the same port in a
 * cluster, and the one for health is the same for all.
 */
const proxyAddress = `127.${process.pid % 251}.${(process.pid >> 8) % 251}.77`;
const podAddress = '127.0.0.2';

const asyncTriggers = {
  triggers: {
    dapr: [
      { name: 'queue', topic: 'orders' },
      { name: 'queue', topic: 'refunds' },
      { name: 'clock' },
    ],
  },
  pubsub: { queue: { type: 'pubsub.in-memory', version: 'v1' } },
  bindings: { clock: { type: 'bindings.cron', version: 'v1' } },
};

const httpTrigger = {
  triggers: { http: {} },
  outputs: [{ dapr: { name: 'queue', topic: 'orders' } }],
  pubsub: { queue: { type: 'pubsub.in-memory', version: 'v1' } },
};

/** What the controller would make for a Function, by kind. */
async function previewed(
  serving: object,
  annotations: Record<string, string>,
): Promise<(kind: string) => JsonObject> {
  const fn = {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Function',
    metadata: { name: 'orders', namespace: 'shop' },
    spec: { image: 'example.com/orders:v1', serving: { ...serving, annotations } },
  };
  const { code, stdout } = await runProgram(['preview', '-f', '-', '-o', 'json'], {
    input: JSON.stringify(fn),
  });
  expect(code).toBe(0);
  const objects = listAt(JSON.parse(stdout), 'items');
  return (kind) => {
    const found = objects.find((object) => object['kind'] === kind);
    if (found === undefined) throw new Error(`no ${kind} in the preview`);
    return found;
  };
}

/**
 * Starts what the container of the proxy says, with its environment. What a cluster adds to
 * that: addresses of its own, and a name server.
 */
async function startAsDeployed(
  deployment: JsonObject,
  names: NameServer,
): Promise<{ container: JsonObject; program: RunningProgram }> {
  const [container] = listAt(deployment, 'spec', 'template', 'spec', 'containers');
  if (container === undefined) throw new Error('no container');
  const program = new RunningProgram(pick(container, 'args') as string[], {
    ...envValues(container),
    POD_NAME: 'orders-dapr-proxy-1',
    POD_NAMESPACE: 'shop',
    LISTEN_ADDRESS: proxyAddress,
    DNS_SERVERS: names.address,
  });
  onTestFinished(() => program.kill());
  await program.logged('listening');
  return { container, program };
}

async function startNameServer(): Promise<NameServer> {
  const names = await NameServer.start();
  onTestFinished(() => names.stop());
  return names;
}

/** As a kubelet asks, by the name of the port. */
async function probe(container: JsonObject, name: string): Promise<number> {
  const port = listAt(container, 'ports').find(
    (one) => one['name'] === pick(container, name, 'httpGet', 'port'),
  );
  const path = textAt(container, name, 'httpGet', 'path');
  return (await fetch(`http://${proxyAddress}:${port?.['containerPort']}${path}`)).status;
}

describe.each(['grpc', 'http'] as const)('the proxy that preview prints, over %s', (protocol) => {
  it('starts with that environment alone, and brings events to pods once they have a name', async () => {
    const port = await freePort();
    const objects = await previewed(asyncTriggers, {
      'dapr.io/app-protocol': protocol,
      'dapr.io/app-port': String(port),
    });
    const names = await startNameServer();
    names.answer = 'NXDOMAIN';
    const { container, program } = await startAsDeployed(objects('Deployment'), names);
    expect(await probe(container, 'readinessProbe')).toBe(200);
    expect(await probe(container, 'livenessProbe')).toBe(200);

    const daprd = createStandIn(protocol, port, proxyAddress);
    onTestFinished(() => daprd.close());
    const asked = await daprd.ask(['orders-clock', 'other']);
    expect(asked.topics.toSorted()).toEqual(['orders-queue/orders', 'orders-queue/refunds']);
    expect(asked.bindings).toEqual(['orders-clock']);

    const fates = ['orders', 'refunds'].map((topic) =>
      daprd.deliver({ pubsub: 'orders-queue', topic, data: { id: topic } }),
    );
    const triggered = daprd.trigger('orders-clock', { id: 'tick' });
    const pod = await FunctionPod.start({
      ...{ protocol, host: podAddress, port },
      topics: [
        ['orders-queue', 'orders'],
        ['orders-queue', 'refunds'],
      ],
      bindings: ['orders-clock'],
    });
    onTestFinished(() => pod.kill());
    names.answer = [podAddress];
    expect(await Promise.all(fates)).toEqual(['acknowledged', 'acknowledged']);
    expect(await triggered).toBe(true);
    await pod.settle();
    expect(pod.records.map(({ input, id }) => `${input} ${id}`).toSorted()).toEqual([
      'orders-clock tick',
      'orders-queue/orders orders',
      'orders-queue/refunds refunds',
    ]);

    program.child.kill('SIGTERM');
    await program.logged('stopping when daprd is done');
    daprd.close();
    expect(await program.exit()).toBe(0);
  });

  it('starts for a sync Function too, which takes no events', async () => {
    const port = await freePort();
    const objects = await previewed(httpTrigger, {
      'dapr.io/app-protocol': protocol,
      'dapr.io/app-port': String(port),
    });
    const { container } = await startAsDeployed(objects('Deployment'), await startNameServer());
    expect(await probe(container, 'readinessProbe')).toBe(200);
    const daprd = createStandIn(protocol, port, proxyAddress);
    onTestFinished(() => daprd.close());
    expect(await daprd.ask(['orders-queue'])).toEqual({ topics: [], bindings: [] });
  });
});

describe('the objects beside the proxy that preview prints', () => {
  it('let health, metrics and what is pending be asked from everywhere', async () => {
    const objects = await previewed(asyncTriggers, {});
    const [container] = listAt(objects('Deployment'), 'spec', 'template', 'spec', 'containers');
    const open = listAt(objects('NetworkPolicy'), 'spec', 'ingress').filter(
      (rule) => !('from' in rule),
    );
    const ports = open.flatMap((rule) => listAt(rule, 'ports')).map(({ port }) => String(port));
    expect(ports).toContain(envValues(container ?? {})['HEALTH_PORT']);
  });

  it('leave the proxy as long to end as it takes', async () => {
    const objects = await previewed(asyncTriggers, {});
    const pod = pick(objects('Deployment'), 'spec', 'template', 'spec') as JsonObject;
    const [container] = listAt(pod, 'containers');
    const grace = Number(envValues(container ?? {})['GRACE_PERIOD'] ?? gracePeriod.defaultText);
    // Kubernetes' default is 30 s.
    expect(Number(pod['terminationGracePeriodSeconds'] ?? 30)).toBe(grace);
  });
});

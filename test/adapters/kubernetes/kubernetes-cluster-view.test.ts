import { beforeEach, describe, expect, test } from 'vitest';
import { KubernetesObjectWriter } from '../../../src/adapters/kubernetes/kubernetes-object-writer.ts';
import type { ObservedPod } from '../../../src/rules/reconcile/observed-pod.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { until } from './until.ts';
import { keptFor, labelled, servingOf, type ViewedCluster, viewCluster } from './viewed-cluster.ts';

let cluster: ViewedCluster;
let server: FakeApiServer;

/** Two Functions, one of which has a Serving. */
beforeEach(async () => {
  cluster = await viewCluster((fake) => {
    fake.put('functions', 'demo', 'orders', { spec: { image: 'orders:v1' } });
    fake.put('functions', 'demo', 'thumbnails', { spec: { image: 'thumbnails:v1' } });
    fake.put('servings', 'demo', 'serving-x', servingOf('orders'));
  });
  ({ server } = cluster);
  await cluster.watching();
});

describe('a Function is woken', () => {
  test('by a change of its own, and by its end', async () => {
    server.put('functions', 'demo', 'orders', { spec: { image: 'orders:v2' } });
    await cluster.wakes('demo/orders', 'demo/orders');
    server.remove('functions', 'demo', 'orders');
    await cluster.wakes('demo/orders');
  });

  test.each([
    ['components', 'Component'],
    ['secrets', 'Secret'],
    ['services', 'Service'],
    ['networkpolicies', 'NetworkPolicy'],
    ['deployments', 'Deployment'],
  ])('by %s that are kept for it', async (plural) => {
    server.put(plural, 'demo', 'kept', { metadata: keptFor('orders') });
    await cluster.wakes('demo/orders');
    expect(cluster.view.surroundings(cluster.fn('orders')).objects).toHaveLength(1);
    server.remove(plural, 'demo', 'kept');
    await cluster.wakes('demo/orders');
    expect(cluster.view.surroundings(cluster.fn('orders')).objects).toEqual([]);
  });

  test('by the loss of the label or of the owner of what is kept for it', async () => {
    server.put('services', 'demo', 'kept', { metadata: keptFor('orders') });
    await cluster.wakes('demo/orders');
    server.put('services', 'demo', 'kept', { metadata: keptFor('orders', 'another-uid') });
    await cluster.wakes('demo/orders');
    server.put('services', 'demo', 'kept', { metadata: { ...keptFor('orders'), labels: {} } });
    await cluster.wakes('demo/orders');
  });

  test("by its Serving, and by its Serving's becoming another Function's", async () => {
    server.put('servings', 'demo', 'serving-y', servingOf('thumbnails'));
    await cluster.wakes('demo/thumbnails');
    server.put('servings', 'demo', 'serving-y', servingOf('orders'));
    await cluster.wakes('demo/thumbnails', 'demo/orders');
    server.remove('servings', 'demo', 'serving-y');
    await cluster.wakes('demo/orders');
  });

  test('by a Component that OpenFunction made for its Serving', async () => {
    server.put('components', 'demo', 'x', labelled({ 'openfunction.io/serving': 'serving-x' }));
    await cluster.wakes('demo/orders');
    server.remove('components', 'demo', 'x');
    await cluster.wakes('demo/orders');
  });

  test('by a Component that it names, in its own namespace', async () => {
    const spec = { serving: { outputs: [{ dapr: { name: 'kafka', type: 'bindings.kafka' } }] } };
    server.put('functions', 'demo', 'thumbnails', { spec });
    server.put('functions', 'other', 'thumbnails', { spec });
    await until(() => expect(cluster.view.function('other', 'thumbnails')).toBeDefined());
    cluster.woken = [];
    server.put('components', 'demo', 'redis', { spec: { type: 'state.redis' } });
    server.put('components', 'demo', 'kafka', { spec: { type: 'bindings.kafka' } });
    await cluster.wakes('demo/thumbnails');
  });

  test('by a Pod that carries its name, when it comes, changes its mode, goes or ends', async () => {
    const labels = { 'openfunction.io/function': 'orders' };
    const admitted = { ...labels, 'baas.openfunction.io/mode': 'standalone' };
    server.put('pods', 'demo', 'orders-1', labelled(labels));
    await cluster.wakes('demo/orders soon');
    server.put('pods', 'demo', 'orders-1', { ...labelled(admitted), status: { phase: 'Running' } });
    await cluster.wakes('demo/orders soon');
    server.put('pods', 'demo', 'orders-1', {
      ...labelled(admitted),
      status: { phase: 'Succeeded' },
    });
    await cluster.wakes('demo/orders soon');
    expect(cluster.view.surroundings(cluster.fn('orders')).pods).toEqual([]);
  });

  test('by a Pod of its Serving', async () => {
    server.put('pods', 'demo', 'x-1', labelled({ 'openfunction.io/serving': 'serving-x' }));
    await cluster.wakes('demo/orders soon');
    server.remove('pods', 'demo', 'x-1');
    await cluster.wakes('demo/orders soon');
  });

  test('by a proxy that OpenFunction keeps for its Serving', async () => {
    const proxy = labelled({ 'openfunction.io/proxy': 'serving-x' });
    server.put('deployments', 'demo', 'proxy', proxy);
    await cluster.wakes('demo/orders');
    server.remove('deployments', 'demo', 'proxy');
    await cluster.wakes('demo/orders');
  });
});

describe('nobody is woken', () => {
  test('by a write of our own, before or after the watch tells of it', async () => {
    const writer = new KubernetesObjectWriter({
      connection: cluster.connection,
      onWritten: (observed) => cluster.view.wrote(observed),
      onDeleted: (observed) => cluster.view.deleted(observed),
      onRequest: () => undefined,
    });
    const { signal } = cluster.stopping;
    const metadata = { ...keptFor('orders'), name: 'kept', namespace: 'demo' };
    const object = { apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'ClusterIP' } };
    const kept = { kind: 'Service', namespace: 'demo', name: 'kept', object } as const;
    const made = await writer.apply(kept, false, signal);
    // Known before any watch said so.
    expect(cluster.view.surroundings(cluster.fn('orders')).objects).toEqual([made]);
    // The same watch tells of this one afterwards.
    server.put('services', 'demo', 'later', { metadata: keptFor('thumbnails') });
    await cluster.wakes('demo/thumbnails');
    await writer.delete(made, signal);
    expect(cluster.view.surroundings(cluster.fn('orders')).objects).toEqual([]);
    server.remove('services', 'demo', 'later');
    await cluster.wakes('demo/thumbnails');
  });

  test('by the status of a proxy or of a Pod', async () => {
    const pod = labelled({ 'openfunction.io/function': 'orders' });
    server.put('deployments', 'demo', 'kept', { metadata: keptFor('orders') });
    server.put('pods', 'demo', 'orders-1', pod);
    await until(() => expect(cluster.woken).toHaveLength(2));
    cluster.woken = [];
    server.put('deployments', 'demo', 'kept', {
      metadata: keptFor('orders'),
      status: { readyReplicas: 1 },
    });
    server.put('pods', 'demo', 'orders-1', { ...pod, status: { phase: 'Running' } });
    server.put('deployments', 'demo', 'later', { metadata: keptFor('thumbnails') });
    await until(() => expect(cluster.woken).toHaveLength(1));
    server.put('pods', 'demo', 'later', labelled({ 'openfunction.io/function': 'thumbnails' }));
    await cluster.wakes('demo/thumbnails', 'demo/thumbnails soon');
  });

  test('by what is not asked for: objects and Pods that carry no label of ours', async () => {
    server.put('services', 'demo', 'foreign', {});
    server.put('pods', 'demo', 'foreign', labelled({ app: 'x' }));
    server.put('pods', 'kube-system', 'orders-1', labelled({ 'openfunction.io/function': 'o' }));
    server.put('services', 'demo', 'later', { metadata: keptFor('thumbnails') });
    server.put('pods', 'demo', 'later', labelled({ 'openfunction.io/function': 'thumbnails' }));
    await cluster.wakes('demo/thumbnails', 'demo/thumbnails soon');
  });
});

describe('the surroundings of a Function', () => {
  const names = (pods: readonly ObservedPod[]): string[] => pods.map(({ name }) => name).sort();

  test('are its Pods, by its own name and by its Servings', async () => {
    server.put('pods', 'demo', 'orders-1', labelled({ 'openfunction.io/function': 'orders' }));
    server.put('pods', 'demo', 'x-1', labelled({ 'openfunction.io/serving': 'serving-x' }));
    server.put('pods', 'demo', 'y-1', labelled({ 'openfunction.io/serving': 'serving-y' }));
    server.put('pods', 'other', 'orders-2', labelled({ 'openfunction.io/function': 'orders' }));
    await until(() =>
      expect(names(cluster.view.surroundings(cluster.fn('orders')).pods)).toEqual([
        'orders-1',
        'x-1',
      ]),
    );
  });

  test('are the proxy that OpenFunction keeps for one of its Servings', async () => {
    expect(cluster.view.surroundings(cluster.fn('orders')).openFunctionProxy).toBeUndefined();
    server.put('deployments', 'demo', 'p', labelled({ 'openfunction.io/proxy': 'serving-x' }));
    await cluster.wakes('demo/orders');
    expect(cluster.view.surroundings(cluster.fn('orders')).openFunctionProxy).toMatchObject({
      name: 'p',
      createdAt: '2026-01-01T00:00:00Z',
    });
    expect(cluster.view.surroundings(cluster.fn('thumbnails')).openFunctionProxy).toBeUndefined();
  });

  test('are what decides the component names: its Servings, and the Components there are', async () => {
    server.put('components', 'demo', 'kafka', { spec: { type: 'bindings.kafka' } });
    await until(() =>
      expect(
        cluster.view.contextFacts(cluster.fn('orders')).components.byName('kafka'),
      ).toBeDefined(),
    );
    expect(cluster.view.contextFacts(cluster.fn('orders')).servings).toEqual(['serving-x']);
    expect(cluster.view.surroundings(cluster.fn('orders')).componentsAreServed).toBe(true);
  });

  test('are the workloads that Dapr makes a Service for', async () => {
    const { signal } = cluster.stopping;
    expect(await cluster.view.hasAnnotatedWorkload(cluster.fn('orders'), signal)).toBe(false);
    const annotations = { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'orders-demo' };
    server.put('statefulsets', 'demo', 'x', { spec: { template: { metadata: { annotations } } } });
    expect(await cluster.view.hasAnnotatedWorkload(cluster.fn('orders'), signal)).toBe(true);
    expect(await cluster.view.hasAnnotatedWorkload(cluster.fn('thumbnails'), signal)).toBe(false);
  });
});

describe('what there is in all', () => {
  test('are Functions, kept proxies, and function Pods with their Functions', async () => {
    const pod = (labels: Record<string, string>) => labelled(labels);
    server.put('deployments', 'demo', 'kept', { metadata: keptFor('orders') });
    server.put('pods', 'demo', 'a', pod({ 'openfunction.io/function': 'thumbnails' }));
    server.put('pods', 'demo', 'b', pod({ 'openfunction.io/serving': 'serving-x' }));
    server.put('pods', 'demo', 'nobodys', pod({ 'openfunction.io/function': 'gone' }));
    const { view } = cluster;
    await until(() => {
      const found = [...view.functionPods()].map(({ pod: { name }, fn }) => `${name} ${fn.name}`);
      expect(found.sort()).toEqual(['a thumbnails', 'b orders']);
      expect([...view.proxies()].map(({ name }) => name)).toEqual(['kept']);
    });
    expect([...view.functions()].map(({ name }) => name).sort()).toEqual(['orders', 'thumbnails']);
    expect(view.pod('demo', 'b')).toMatchObject({ pod: { name: 'b' }, fn: { name: 'orders' } });
    expect(view.pod('demo', 'nobodys')).toBeUndefined();
    expect(view.pod('demo', 'nothing')).toBeUndefined();
  });
});

test('no more is asked for than what carries a label, and metadata alone where that is enough', async () => {
  const asked = ['services', 'networkpolicies', 'deployments', 'secrets', 'pods']
    .flatMap((plural) => [...server.seen('list', plural), ...server.seen('watch', plural)])
    .map(({ plural, query, accept }) => {
      const isMetadata = accept.includes('as=PartialObjectMetadata');
      return `${plural} ${query.get('labelSelector')}${isMetadata ? ' (metadata)' : ''}`;
    });
  expect([...new Set(asked)]).toEqual([
    'services baas.openfunction.io/proxy',
    'networkpolicies baas.openfunction.io/proxy',
    'deployments baas.openfunction.io/proxy',
    'deployments openfunction.io/proxy (metadata)',
    'secrets baas.openfunction.io/proxy (metadata)',
    'pods openfunction.io/function (metadata)',
    'pods openfunction.io/serving,!openfunction.io/function (metadata)',
  ]);
});

import { describe, expect, test } from 'vitest';
import { status } from './mishap.ts';
import { until } from './until.ts';
import { keptFor, labelled, viewCluster } from './viewed-cluster.ts';

const refused = status(403, 'Forbidden', 'User "x" cannot list resource "secrets"');

describe('Secrets that an admin does not let the controller see', () => {
  test('hold nothing up, and are no trouble', async () => {
    const cluster = await viewCluster((server) => {
      server.intercept = ({ plural }) => (plural === 'secrets' ? refused : undefined);
    });
    await cluster.view.untilSynced(cluster.stopping.signal);
    expect(cluster.errors).toEqual([]);
    expect(cluster.view.staleness().map(({ resource }) => resource)).not.toContain(
      'secrets (kept)',
    );
  });

  test('are no trouble after other trouble either', async () => {
    const cluster = await viewCluster((server) => {
      server.intercept = ({ plural }) => (plural === 'secrets' ? refused : undefined);
    });
    const { server, view } = cluster;
    await view.untilSynced(cluster.stopping.signal);
    const before = server.seen('list', 'secrets').length;
    server.intercept = ({ plural }) => {
      if (plural !== 'secrets') return undefined;
      const isNext = server.seen('list', 'secrets').length === before + 1;
      return isNext ? status(500, 'InternalError', 'etcd is away') : refused;
    };
    await until(() => expect(server.seen('list', 'secrets').length).toBeGreaterThan(before + 1));
    expect(cluster.errors.map(({ message }) => message)).toEqual([
      'Cannot list secrets in all namespaces: 500 etcd is away',
    ]);
    await view.untilSynced(cluster.stopping.signal);
    expect(view.staleness().map(({ resource }) => resource)).not.toContain('secrets (kept)');
  });

  test('are followed when they are granted, and every Function may go on', async () => {
    const cluster = await viewCluster((server) => {
      server.intercept = ({ plural }) => (plural === 'secrets' ? refused : undefined);
      server.put('functions', 'demo', 'orders');
      server.put('secrets', 'demo', 'token', { metadata: keptFor('orders') });
    });
    const { server, view } = cluster;
    await view.untilSynced(cluster.stopping.signal);
    cluster.woken = [];
    server.intercept = () => undefined;
    await until(() => expect(server.openWatches('secrets')).toBe(1));
    expect(cluster.woken).toEqual(['*']);
    expect(view.surroundings(cluster.fn('orders')).objects).toMatchObject([{ kind: 'Secret' }]);
    expect(view.staleness().map(({ resource }) => resource)).toContain('secrets (kept)');
  });
});

test('anything else that may not be seen holds up, and is told', async () => {
  const cluster = await viewCluster((server) => {
    server.intercept = ({ plural }) =>
      plural === 'networkpolicies' ? status(403, 'Forbidden', 'no') : undefined;
  });
  let isSynced = false;
  const synced = cluster.view.untilSynced(cluster.stopping.signal).then(() => {
    isSynced = true;
  });
  await until(() =>
    expect(cluster.server.seen('list', 'networkpolicies').length).toBeGreaterThan(3),
  );
  expect(isSynced).toBe(false);
  expect(cluster.errors.map(({ message }) => message)).toEqual([
    'Cannot list networkpolicies.networking.k8s.io in all namespaces; a ClusterRole has to grant ' +
      '"list" on "networkpolicies" of API group "networking.k8s.io": 403 no',
  ]);
  cluster.server.intercept = () => undefined;
  await synced;
});

describe("Dapr's Components", () => {
  test('that are not installed hold nothing up, and are followed as soon as they are', async () => {
    const cluster = await viewCluster((server) => {
      server.uninstall('dapr.io/v1alpha1', 'components');
      server.put('functions', 'demo', 'orders');
    });
    const { server, view } = cluster;
    await cluster.watching({ functions: 1, services: 1, components: 0 });
    expect(view.surroundings(cluster.fn('orders')).componentsAreServed).toBe(false);
    server.install('dapr.io/v1alpha1', 'components', 'Component');
    await until(() => expect(server.openWatches('components')).toBe(2));
    expect(view.surroundings(cluster.fn('orders')).componentsAreServed).toBe(true);
    expect(cluster.woken).toContain('*');
    cluster.woken = [];
    server.put('components', 'demo', 'kept', { metadata: keptFor('orders') });
    await cluster.wakes('demo/orders');
    expect(cluster.errors).toEqual([]);
  });

  test('that are uninstalled take those that were kept along', async () => {
    const cluster = await viewCluster((server) => {
      server.put('functions', 'demo', 'orders');
      server.put('components', 'demo', 'kept', { metadata: keptFor('orders') });
    });
    const { server, view } = cluster;
    await cluster.watching();
    server.uninstall('dapr.io/v1alpha1', 'components');
    server.endWatches('components');
    await until(() => {
      const { objects, componentsAreServed } = view.surroundings(cluster.fn('orders'));
      expect({ objects, componentsAreServed }).toEqual({ objects: [], componentsAreServed: false });
    });
  });
});

describe('watches that are dropped', () => {
  test('go on where they were', async () => {
    const cluster = await viewCluster((server) => server.put('functions', 'demo', 'orders'));
    const { server } = cluster;
    await cluster.watching();
    server.resetConnections();
    server.put('services', 'demo', 'kept', { metadata: keptFor('orders') });
    server.put('pods', 'demo', 'a', labelled({ 'openfunction.io/function': 'orders' }));
    await cluster.wakes('demo/orders', 'demo/orders soon');
    expect(server.seen('list', 'services')).toHaveLength(1);
  });

  test('are begun anew by a list when history is gone, which wakes everybody', async () => {
    const cluster = await viewCluster((server) => {
      server.put('functions', 'demo', 'orders');
      server.put('services', 'demo', 'vanishes', { metadata: keptFor('orders') });
      const label = labelled({ 'openfunction.io/function': 'orders' });
      server.put('pods', 'demo', 'vanishes', label);
      server.put('deployments', 'demo', 'vanishes', labelled({ 'openfunction.io/proxy': 's' }));
    });
    const { server, view } = cluster;
    await cluster.watching();
    expect(view.surroundings(cluster.fn('orders')).objects).toHaveLength(1);
    server.intercept = () => 'reset';
    server.resetConnections();
    for (const plural of ['services', 'pods', 'deployments']) {
      server.remove(plural, 'demo', 'vanishes');
    }
    server.expireHistory();
    server.intercept = () => undefined;
    await until(() => expect(cluster.woken).toContain('*'));
    await until(() => {
      const { objects, pods } = view.surroundings(cluster.fn('orders'));
      expect([objects, pods]).toEqual([[], []]);
    });
  });
});

test('how long nothing was heard is told for each watch', async () => {
  const cluster = await viewCluster();
  const { server, view } = cluster;
  await cluster.watching();
  await server.stop();
  await until(() => expect(cluster.errors.length).toBeGreaterThan(8));
  cluster.nowMs += 42_000;
  expect(view.staleness()).toEqual(
    [
      'components.dapr.io (kept)',
      'secrets (kept)',
      'services (kept)',
      'networkpolicies.networking.k8s.io (kept)',
      'deployments.apps (kept)',
      'pods (of a function)',
      'pods (of a serving)',
      "deployments.apps (OpenFunction's proxies)",
    ].map((resource) => ({ resource, seconds: 42 })),
  );
  await server.start();
  await until(() => {
    for (const { seconds } of view.staleness()) expect(seconds).toBe(0);
  });
});

describe('stopping', () => {
  test('closes every watch, and nobody is woken any more', async () => {
    const cluster = await viewCluster((server) => server.put('functions', 'demo', 'orders'));
    const { server, source } = cluster;
    await cluster.watching();
    cluster.stopping.abort();
    await cluster.running;
    await until(() => expect(server.openWatches('services')).toBe(0));
    server.put('functions', 'demo', 'orders', { spec: { image: 'v2' } });
    await until(() => expect(source.function('demo', 'orders')?.image).toBe('v2'));
    expect(cluster.woken).toEqual([]);
  });

  test('does not wait for what was never listed', async () => {
    const cluster = await viewCluster((server) => {
      server.intercept = ({ plural }) => (plural === 'pods' ? 'hang' : undefined);
    });
    const synced = cluster.view.untilSynced(cluster.stopping.signal);
    await until(() => expect(cluster.server.seen('list', 'pods')).toHaveLength(2));
    cluster.stopping.abort();
    await synced;
    await cluster.running;
    expect(cluster.errors).toEqual([]);
  });
});

import { expect, it } from 'vitest';
import { at, type JsonObject } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { modeAnnotations } from '../../harness/fixtures.ts';
import { keptKinds, titleOf } from '../../harness/kept-objects.ts';
import { ControllerTools, describeWrite } from './tools.ts';

const annotations = { ...modeAnnotations('standalone'), 'baas.openfunction.io/api-token': 'true' };

/** A Function goes, and what is kept for it with it. */
export function deletionSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);
  const parts = { annotations, isAsync: true, hasOutput: true };
  const orders = tools.functionOf({ ...parts, name: 'orders' });
  const stock = tools.functionOf({ ...parts, name: 'stock' });

  /** Everything in a namespace of the kinds that are kept, by title and uid. */
  async function everything(namespace: string): Promise<Map<string, unknown>> {
    const objects = await cluster().kubectl.list(keptKinds.join(','), namespace);
    return new Map(objects.map((object) => [titleOf(object), at(object, 'metadata', 'uid')]));
  }

  async function namespaceWithFunctions(...functions: JsonObject[]): Promise<string> {
    const namespace = await cluster().namespace();
    await tools.apply(namespace, ...strangers(), ...functions);
    await tools.expectKept(namespace, functions);
    return namespace;
  }

  it('everything of it goes, and nothing else', async () => {
    const namespace = await namespaceWithFunctions(orders, stock);
    const before = await everything(namespace);
    expect([...before.keys()].filter(isOfOrders)).toHaveLength(7);
    await tools.kubectl(namespace, 'delete', 'functions', 'orders');
    await eventually(async () => {
      expect([...(await everything(namespace)).keys()].filter(isOfOrders)).toEqual([]);
    });
    const others = [...before].filter(([title]) => !isOfOrders(title));
    expect(new Map(await everything(namespace))).toEqual(new Map(others));
    expect(others.map(([title]) => title)).toEqual(
      expect.arrayContaining([...strangers().map(titleOf), 'Deployment/stock-dapr-proxy']),
    );
    await tools.expectKept(namespace, [stock]);
  });

  it('it can be deleted in the foreground, with nothing made anew meanwhile', async () => {
    const namespace = await namespaceWithFunctions(orders);
    const foreground = ['--cascade=foreground', '--timeout=60s'];
    const afterMs = Date.now();
    await tools.kubectl(namespace, 'delete', 'functions', 'orders', ...foreground);
    expect([...(await everything(namespace)).keys()].filter(isOfOrders)).toEqual([]);
    const writes = await tools.writes({ namespace, afterMs });
    const made = writes.filter(({ verb }) => verb !== 'delete');
    expect(made.map(describeWrite)).toEqual([]);
  });

  it('its namespace can be deleted, and nobody complains of it', async () => {
    const namespace = await namespaceWithFunctions(orders, stock);
    await cluster().kubectl.run(['delete', 'namespace', namespace, '--timeout=60s']);
    const complaints = cluster().product.complaints.map((line) => JSON.stringify(line));
    expect(complaints.filter((line) => line.includes(namespace))).toEqual([]);
  });

  it('one that is made anew under its name has objects of its own', async () => {
    const namespace = await namespaceWithFunctions(orders);
    const before = await everything(namespace);
    await tools.kubectl(namespace, 'delete', 'functions', 'orders');
    await tools.apply(namespace, orders);
    const { metadata } = await tools.get(namespace, 'functions', 'orders');
    await eventually(async () => {
      const live = await tools.kept(namespace, 'orders');
      expect(live).toHaveLength(7);
      for (const object of live) {
        const [owner] = at(object, 'metadata', 'ownerReferences') as JsonObject[];
        expect(owner?.['uid']).toBe(at(metadata, 'uid'));
        expect(at(object, 'metadata', 'uid')).not.toBe(before.get(titleOf(object)));
      }
    });
    await tools.expectKept(namespace, [orders]);
    expect((await tools.events(namespace, 'orders')).map(({ reason }) => reason)).not.toContain(
      'NameTaken',
    );
  });
}

function isOfOrders(title: string): boolean {
  return /^\w+\/orders-/.test(title);
}

/** Objects of somebody else's, one of each kind; some look as if they belonged to the Function. */
function strangers(): JsonObject[] {
  const labels = { 'openfunction.io/managed': 'true', 'openfunction.io/function': 'orders' };
  const metadata = (name: string): JsonObject => ({ name, labels });
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata('foreign'),
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'foreign' } },
        template: {
          metadata: { labels: { app: 'foreign' } },
          spec: { containers: [{ name: 'foreign', image: 'example.com/foreign:v1' }] },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('foreign'),
      spec: { selector: { app: 'foreign' }, ports: [{ port: 80 }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadata('foreign'),
      spec: { podSelector: {} },
    },
    { apiVersion: 'v1', kind: 'Secret', metadata: metadata('foreign') },
    {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Component',
      metadata: metadata('foreign'),
      spec: { type: 'bindings.http', version: 'v1', metadata: [] },
    },
  ];
}

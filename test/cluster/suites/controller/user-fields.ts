import { expect, it } from 'vitest';
import { at, type JsonObject, objectsOf } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { modeAnnotations } from '../../harness/fixtures.ts';
import { objectDifferences } from '../../harness/kept-objects.ts';
import { ControllerTools, describeWrite } from './tools.ts';

/** Long enough for any repair there might be: those take less than a second. */
const watchSeconds = 3;

const unmanaged = { 'baas.openfunction.io/proxy-replicas': 'unmanaged' };

/** Fields on the controller's objects that are somebody else's. */
export function userFieldsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);

  /** A namespace with the proxy of a Function called `orders`. */
  async function namespaceWithProxy(
    annotations: Record<string, string> = {},
  ): Promise<{ namespace: string; fn: JsonObject }> {
    const namespace = await cluster().namespace();
    const all = { ...modeAnnotations('standalone'), ...annotations };
    const fn = tools.functionOf({ name: 'orders', annotations: all, hasOutput: true });
    await tools.apply(namespace, fn);
    await tools.expectKept(namespace, [fn]);
    return { namespace, fn };
  }

  /** Changes something that the controller has to follow, and waits until it has. */
  async function changeFunction(namespace: string): Promise<void> {
    const annotations = { 'dapr.io/log-level': 'debug' };
    await tools.patch(namespace, 'functions', 'orders', { spec: { serving: { annotations } } });
    await eventually(async () => {
      const { metadata } = (await template(namespace)) as { metadata: JsonObject };
      expect(metadata).toMatchObject({ annotations });
    });
  }

  async function template(namespace: string): Promise<unknown> {
    const proxy = await tools.get(namespace, 'deployments', 'orders-dapr-proxy');
    return at(proxy, 'spec', 'template');
  }

  async function replicas(namespace: string): Promise<unknown> {
    const proxy = await tools.get(namespace, 'deployments', 'orders-dapr-proxy');
    return at(proxy, 'spec', 'replicas');
  }

  it('labels and annotations stay, and cause no write', async () => {
    const { namespace } = await namespaceWithProxy();
    const kinds = ['deployments', 'services', 'networkpolicies', 'components.dapr.io'];
    const startedAtMs = Date.now();
    for (const kind of kinds) {
      const all = [kind, '--all'];
      await tools.kubectl(namespace, 'label', ...all, 'team=shop');
      await tools.kubectl(namespace, 'annotate', ...all, 'example.com/note=mine');
    }
    await tools.expectNoWrites(watchSeconds, { namespace });
    const writes = await tools.writes({ namespace, afterMs: startedAtMs });
    expect(writes.map(describeWrite)).toEqual([]);
    await changeFunction(namespace);
    const kept = await tools.kept(namespace);
    expect(kept).toHaveLength(4);
    for (const object of kept) {
      expect(at(object, 'metadata', 'labels', 'team')).toBe('shop');
      expect(at(object, 'metadata', 'annotations', 'example.com/note')).toBe('mine');
    }
  });

  it('a variable, a node selector and an annotation of the Pod template stay', async () => {
    const { namespace } = await namespaceWithProxy();
    await tools.kubectl(namespace, 'set', 'env', 'deployment/orders-dapr-proxy', 'EXTRA=mine');
    await tools.patch(namespace, 'deployments', 'orders-dapr-proxy', {
      spec: {
        template: {
          metadata: { annotations: { 'example.com/note': 'mine' } },
          spec: { nodeSelector: { disk: 'ssd' } },
        },
      },
    });
    await changeFunction(namespace);
    const after = await template(namespace);
    const [container] = objectsOf(at(after, 'spec', 'containers'));
    const env = objectsOf(container?.item['env']).map(({ item }) => item);
    expect(env).toContainEqual({ name: 'EXTRA', value: 'mine' });
    expect(at(after, 'spec', 'nodeSelector')).toEqual({ disk: 'ssd' });
    expect(at(after, 'metadata', 'annotations', 'example.com/note')).toBe('mine');
  });

  it('a second port of the Service stays', async () => {
    const { namespace } = await namespaceWithProxy();
    const port = { name: 'metrics', port: 9090, targetPort: 9090, protocol: 'TCP' };
    const add = [{ op: 'add', path: '/spec/ports/-', value: port }];
    const patch = ['--type=json', '-p', JSON.stringify(add)];
    await tools.kubectl(namespace, 'patch', 'service', 'orders-dapr-proxy', ...patch);
    await changeFunction(namespace);
    const service = await tools.get(namespace, 'services', 'orders-dapr-proxy');
    const ports = objectsOf(at(service, 'spec', 'ports')).map(({ item }) => item['port']);
    expect(ports).toEqual([3500, 50001, 9090]);
  });

  it('the number of replicas is whoever scales it, where the Function says so', async () => {
    const { namespace } = await namespaceWithProxy(unmanaged);
    expect(await replicas(namespace)).toBe(1);
    await tools.kubectl(namespace, 'scale', 'deployment/orders-dapr-proxy', '--replicas=3');
    await tools.expectNoWrites(watchSeconds, { namespace });
    await changeFunction(namespace);
    expect(await replicas(namespace)).toBe(3);

    // Without metrics to go by, an autoscaler still keeps its bounds.
    const bounds = ['--min=4', '--max=5', '--cpu=50%'];
    await tools.kubectl(namespace, 'autoscale', 'deployment', 'orders-dapr-proxy', ...bounds);
    await eventually(async () => expect(await replicas(namespace)).toBe(4));
    await tools.expectNoWrites(watchSeconds, { namespace });
    expect(await replicas(namespace)).toBe(4);
  });

  it('the number of replicas becomes theirs, and ours again, as the Function says', async () => {
    const { namespace, fn } = await namespaceWithProxy();
    const annotate = (annotations: JsonObject) =>
      tools.patch(namespace, 'functions', 'orders', { spec: { serving: { annotations } } });
    const isOwned = async (): Promise<boolean> => {
      const proxy = await tools.get(namespace, 'deployments', 'orders-dapr-proxy');
      return objectsOf(at(proxy, 'metadata', 'managedFields')).some(
        ({ item }) =>
          item['manager'] === 'openfunction-dapr-webhook' &&
          at(item, 'fieldsV1', 'f:spec', 'f:replicas') !== undefined,
      );
    };
    expect(await isOwned()).toBe(true);
    await annotate(unmanaged);
    await eventually(async () => expect(await isOwned()).toBe(false));
    await tools.kubectl(namespace, 'scale', 'deployment/orders-dapr-proxy', '--replicas=3');
    await tools.expectNoWrites(watchSeconds, { namespace });
    expect(await replicas(namespace)).toBe(3);
    await annotate({ 'baas.openfunction.io/proxy-replicas': null });
    await tools.expectKept(namespace, [fn]);
    expect(await replicas(namespace)).toBe(1);
  });

  it('a Function whose metadata changes causes no write', async () => {
    const { namespace } = await namespaceWithProxy();
    const before = await tools.kept(namespace);
    await tools.kubectl(namespace, 'label', 'functions', 'orders', 'team=shop');
    await tools.kubectl(namespace, 'annotate', 'functions', 'orders', 'example.com/note=mine');
    await tools.expectNoWrites(watchSeconds, { namespace });
    expect(objectDifferences(before.map(settled), await tools.kept(namespace))).toEqual([]);
  });
}

/** An object without what other controllers go on to write. */
function settled({ status: _status, metadata, ...object }: JsonObject): JsonObject {
  return { ...object, metadata: { name: at(metadata, 'name') ?? '', uid: at(metadata, 'uid') } };
}

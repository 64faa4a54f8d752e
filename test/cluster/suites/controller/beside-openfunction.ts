import { expect, it } from 'vitest';
import { asObject, at, type JsonObject, objectsOf } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { modeAnnotations, podOf } from '../../harness/fixtures.ts';
import { titlesOf } from '../../harness/kept-objects.ts';
import { ControllerTools } from './tools.ts';

/** Its name is generated, and says nothing. */
const foreignProxyName = 'orders-serving-aaaaa-dapr-proxy-9xk4t';

const watchSeconds = 3;

/** OpenFunction at work on the same Functions: it makes Servings, Components, and proxies of its own. */
export function besideOpenFunctionSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);
  const orders = tools.functionOf({
    name: 'orders',
    annotations: modeAnnotations('standalone'),
    isAsync: true,
    hasOutput: true,
  });

  /** What OpenFunction makes for one roll-out of the Function: a Serving, and its Components. */
  function rollOut(serving: string): JsonObject[] {
    return [
      {
        apiVersion: `core.openfunction.io/${version}`,
        kind: 'Serving',
        metadata: { name: serving, labels: { 'openfunction.io/function': 'orders' } },
        spec: {
          image: 'example.com/function:v1',
          ...(version === 'v1beta1' ? { runtime: 'async' } : {}),
        },
      },
      component(serving, 'bindings', 'kafka', 'bindings.kafka'),
      component(serving, 'pubsub', 'topics', 'pubsub.kafka'),
    ];
  }

  function component(serving: string, block: string, name: string, type: string): JsonObject {
    return {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Component',
      metadata: {
        name: nameOf(serving, block, name),
        labels: { 'openfunction.io/serving': serving },
      },
      spec: { type, version: 'v1', metadata: [{ name: 'brokers', value: 'kafka:9092' }] },
    };
  }

  /** OpenFunction has its names generated; what comes last is the API server's. */
  function nameOf(serving: string, block: string, name: string): string {
    return `${serving}-${version === 'v1beta1' ? 'component' : block}-${name}-x7k2p`;
  }

  /** What OpenFunction 0.8 and later makes for a standalone Function. */
  function foreignProxy(serving: string): JsonObject {
    const labels = { 'openfunction.io/proxy': serving, 'openfunction.io/managed': 'true' };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: foreignProxyName, labels },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: {
            labels,
            annotations: { 'dapr.io/enabled': 'true', 'dapr.io/app-id': `${serving}-proxy` },
          },
          spec: { containers: [{ name: 'dapr-proxy', image: 'example.com/of-proxy:v1' }] },
        },
      },
    };
  }

  /** Names of the components that the proxy's context speaks of. */
  async function contextNames(namespace: string): Promise<unknown[]> {
    const proxy = await tools.get(namespace, 'deployments', 'orders-dapr-proxy');
    const [container] = objectsOf(at(proxy, 'spec', 'template', 'spec', 'containers'));
    const env = objectsOf(container?.item['env']).map(({ item }) => item);
    const text = env.find(({ name }) => name === 'FUNC_CONTEXT')?.['value'];
    const context = JSON.parse(String(text));
    return ['inputs', 'outputs']
      .flatMap((channels) => Object.values(asObject(context[channels]) ?? {}))
      .map((channel) => at(channel, 'componentName'));
  }

  async function keptTitles(namespace: string): Promise<string[]> {
    return titlesOf(await tools.kept(namespace, 'orders'));
  }

  it('Components of its Serving are used, and none made', async () => {
    const namespace = await cluster().namespace();
    const around = rollOut('orders-serving-aaaaa');
    await tools.apply(namespace, ...around, orders);
    await tools.expectKept(namespace, [orders], { around });
    expect((await keptTitles(namespace)).join()).not.toContain('Component/');
    expect(await contextNames(namespace)).toEqual([
      nameOf('orders-serving-aaaaa', 'pubsub', 'topics'),
      nameOf('orders-serving-aaaaa', 'bindings', 'kafka'),
    ]);
  });

  it('a Serving that comes later takes over from what was made, and a new one from that', async () => {
    const namespace = await cluster().namespace();
    await tools.apply(namespace, orders);
    await tools.expectKept(namespace, [orders]);
    const proxy = () => tools.get(namespace, 'deployments', 'orders-dapr-proxy');
    const uid = at(await proxy(), 'metadata', 'uid');
    expect(await contextNames(namespace)).toEqual(['orders-topics', 'orders-kafka']);

    const first = rollOut('orders-serving-bbbbb');
    await tools.apply(namespace, ...first);
    await tools.expectKept(namespace, [orders], { around: first });

    const second = rollOut('orders-serving-aaaaa');
    await tools.apply(namespace, ...second);
    await cluster().kubectl.run(['delete', '-n', namespace, '-f', '-'], first);
    await tools.expectKept(namespace, [orders], { around: second });
    expect(await contextNames(namespace)).toEqual([
      nameOf('orders-serving-aaaaa', 'pubsub', 'topics'),
      nameOf('orders-serving-aaaaa', 'bindings', 'kafka'),
    ]);

    await cluster().kubectl.run(['delete', '-n', namespace, '-f', '-'], second);
    await tools.expectKept(namespace, [orders]);
    expect(at(await proxy(), 'metadata', 'uid')).toBe(uid);
  });

  it('where it keeps a proxy, none is made; once that goes, one is', async () => {
    const namespace = await cluster().namespace();
    const around = [...rollOut('orders-serving-aaaaa'), foreignProxy('orders-serving-aaaaa')];
    await tools.apply(namespace, ...around, orders);
    const { note } = await tools.event(namespace, 'orders', 'OpenFunctionProxy');
    expect(note).toContain(foreignProxyName);
    await tools.expectNoWrites(watchSeconds, { namespace });
    expect(await keptTitles(namespace)).toEqual([]);

    await tools.kubectl(namespace, 'delete', 'deployments', foreignProxyName);
    await tools.expectKept(namespace, [orders], { around: around.slice(0, -1) });
  });

  it('a proxy of its own that comes later is made way for, and its Pods are left as they are', async () => {
    const namespace = await cluster().namespace();
    const around = rollOut('orders-serving-aaaaa');
    await tools.apply(namespace, ...around, orders);
    await tools.expectKept(namespace, [orders], { around });
    await tools.apply(namespace, foreignProxy('orders-serving-aaaaa'));
    await tools.event(namespace, 'orders', 'OpenFunctionProxy');
    await eventually(async () => expect(await keptTitles(namespace)).toEqual([]));
    const theirs = async () => {
      const pods = await cluster().kubectl.list('pods', namespace, 'openfunction.io/proxy');
      return pods.map((pod) => at(pod, 'metadata', 'uid'));
    };
    await eventually(async () => expect(await theirs()).toHaveLength(1));
    const before = await theirs();
    await tools.expectNoWrites(watchSeconds, { namespace });
    expect(await theirs()).toEqual(before);
    await tools.kubectl(namespace, 'delete', 'deployments', foreignProxyName);
    await tools.expectKept(namespace, [orders], { around });
  });

  it('a proxy that Pods still use stays beside its own until they are gone', async () => {
    const namespace = await cluster().namespace();
    const around = rollOut('orders-serving-aaaaa');
    await tools.apply(namespace, ...around, orders);
    await tools.expectKept(namespace, [orders], { around });
    const before = await keptTitles(namespace);
    await tools.apply(namespace, podOf('orders', { name: 'old' }));
    // Times of creation are to the second; the proxy has to be younger than the Pod.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await tools.apply(namespace, foreignProxy('orders-serving-aaaaa'));
    await tools.event(namespace, 'orders', 'WaitingForPods');
    expect(await keptTitles(namespace)).toEqual(before);
    await tools.kubectl(namespace, 'delete', 'pods', 'old');
    await eventually(async () => expect(await keptTitles(namespace)).toEqual([]));
  });
}

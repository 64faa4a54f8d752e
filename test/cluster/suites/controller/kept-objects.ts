import { afterAll, describe, expect, it } from 'vitest';
import { asObject, at, type JsonObject, objectsOf } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { type FunctionParts, type Mode, modeAnnotations } from '../../harness/fixtures.ts';
import { titlesOf } from '../../harness/kept-objects.ts';
import { ControllerTools } from './tools.ts';

const tokens = { 'baas.openfunction.io/api-token': 'true' };

/** What is kept in each mode for a Function called `orders`; the names are those that users are promised. */
const cases: readonly [
  mode: Mode,
  what: string,
  parts: Omit<FunctionParts, 'name'>,
  kept: readonly string[],
][] = [
  [
    'standalone',
    'a sync Function',
    { hasOutput: true },
    [
      'Component/orders-kafka',
      'Deployment/orders-dapr-proxy',
      'NetworkPolicy/orders-dapr-proxy',
      'Service/orders-dapr-proxy',
    ],
  ],
  [
    'standalone',
    'an async Function with tokens',
    { isAsync: true, hasOutput: true, annotations: tokens },
    [
      'Component/orders-kafka',
      'Component/orders-topics',
      'Deployment/orders-dapr-proxy',
      'NetworkPolicy/orders-dapr-proxy',
      'Secret/orders-dapr-proxy',
      'Service/orders-dapr-proxy',
      'Service/orders-events',
    ],
  ],
  [
    'sidecar',
    'a sync Function',
    { hasOutput: true, annotations: { 'dapr.io/app-id': 'shop' } },
    ['Component/orders-kafka', 'Service/shop-dapr'],
  ],
  [
    'sidecar',
    'an async Function',
    { isAsync: true, annotations: { 'dapr.io/app-id': 'shop' } },
    ['Component/orders-topics', 'Service/shop-dapr'],
  ],
  ['disabled', 'a sync Function', { hasOutput: true }, []],
  ['disabled', 'an async Function', { isAsync: true }, []],
];

/** Each object in each mode, against what `preview` shows. */
export function keptObjectsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);

  it.each(cases)('in %s mode, %s has what preview shows', async (mode, _what, parts, kept) => {
    const namespace = await cluster().namespace();
    const annotations = { ...parts.annotations, ...modeAnnotations(mode) };
    const fn = tools.functionOf({ ...parts, name: 'orders', annotations });
    // One that comes later and is there says that nothing more is to be expected of the first.
    const later = tools.functionOf({ name: 'later', annotations: modeAnnotations('standalone') });
    await tools.apply(namespace, fn);
    await tools.apply(namespace, later);
    await tools.expectKept(namespace, [fn, later]);
    const live = await tools.kept(namespace, 'orders');
    expect(titlesOf(live)).toEqual(kept);
    await expectOwned(namespace, live);
  });

  it('each object is written once, by server-side apply', async () => {
    const namespace = await cluster().namespace();
    const fn = tools.functionOf({ name: 'orders', annotations: modeAnnotations('standalone') });
    await tools.apply(namespace, fn);
    await tools.expectKept(namespace, [fn]);
    await eventually(async () => {
      const writes = await tools.writes({ namespace });
      expect(writes.map(({ verb, resource, code }) => [verb, resource, code]).sort()).toEqual([
        ['patch', 'deployments', 201],
        ['patch', 'networkpolicies', 201],
        ['patch', 'services', 201],
      ]);
    });
  });

  it('the samples have what preview shows', async () => {
    const namespace = await cluster().namespace();
    const samples = (await cluster().read('manifests/samples')).filter(isOfVersion);
    const functions = samples.filter(({ kind }) => kind === 'Function');
    const components = samples.filter(({ kind }) => kind === 'Component');
    expect(functions.length).toBeGreaterThan(4);
    await tools.apply(namespace, ...components, ...functions);
    await tools.expectKept(namespace, functions, { around: components });
  });

  it('the Functions that OpenFunction Events makes have what preview shows', async () => {
    const namespace = await cluster().namespace();
    const functions = (await cluster().read('test/cluster/fixtures')).filter(isOfVersion);
    expect(functions).toHaveLength(2);
    await tools.apply(namespace, ...functions);
    await tools.expectKept(namespace, functions);
    for (const fn of functions) {
      const titles = titlesOf(await tools.kept(namespace, String(at(fn, 'metadata', 'name'))));
      expect(titles.filter((title) => title.startsWith('Service/'))).toHaveLength(2);
      expect(titles.filter((title) => title.startsWith('Component/')).length).toBeGreaterThan(1);
    }
  });

  it('names that fit neither a Service nor a label have what preview shows', async () => {
    const namespace = await cluster().namespace();
    const names = [`long-${'a'.repeat(90)}`, `long-${'a'.repeat(91)}`, 'shop.orders'];
    const functions = names.map((name) =>
      tools.functionOf({
        name,
        annotations: { ...modeAnnotations('standalone'), ...tokens },
        isAsync: true,
        hasOutput: true,
      }),
    );
    await tools.apply(namespace, ...functions);
    await tools.expectKept(namespace, functions);
    expect(await tools.kept(namespace)).toHaveLength(7 * names.length);
  });

  it('values that mean nothing count as absent', async () => {
    const namespace = await cluster().namespace();
    const annotations = { ...modeAnnotations('standalone'), 'dapr.io/grpc-port': 'fifty' };
    const port = 99_999;
    const odd = tools.functionOf({ name: 'odd', annotations, serving: oddPort(port) });
    const fn = version === 'v1beta1' ? { ...odd, spec: { ...asObject(odd['spec']), port } } : odd;
    await tools.apply(namespace, fn);
    await tools.expectKept(namespace, [fn]);
    const service = await tools.get(namespace, 'services', 'odd-dapr-proxy');
    const ports = objectsOf(at(service, 'spec', 'ports')).map(({ item }) => item['port']);
    expect(ports).toEqual([3500, 50001]);
  });

  describe('the proxy', () => {
    afterAll(() => cluster().product.restart({ flags: [] }));

    const settings = [
      ...['--proxy-image', 'example.com/proxy:v7', '--proxy-replicas', '2'],
      ...['--proxy-cpu-request', '60m', '--proxy-memory-limit', '300Mi'],
      ...['--proxy-node-selector', 'disk=ssd', '--proxy-priority-class', 'high'],
      ...['--proxy-image-pull-secrets', 'registry', '--proxy-labels', 'team=shop'],
      ...['--proxy-annotations', 'example.com/scrape=yes', '--no-network-policy', '--api-tokens'],
    ];

    it('follows the settings of the cluster, in place, and a Function that says otherwise', async () => {
      const namespace = await cluster().namespace();
      const annotations = {
        ...modeAnnotations('standalone'),
        'baas.openfunction.io/proxy-image': 'example.com/own:v1',
      };
      const own = tools.functionOf({ name: 'own', annotations });
      const fn = tools.functionOf({ name: 'orders', annotations: modeAnnotations('standalone') });
      await tools.apply(namespace, own, fn);
      await tools.expectKept(namespace, [own, fn]);
      expect(await proxyImage(namespace, 'own')).toBe('example.com/own:v1');
      const before = await tools.get(namespace, 'deployments', 'orders-dapr-proxy');

      await cluster().product.restart({ flags: settings });
      await tools.expectKept(namespace, [own, fn], { flags: settings });
      expect(await proxyImage(namespace, 'own')).toBe('example.com/own:v1');
      expect(await proxyImage(namespace, 'orders')).toBe('example.com/proxy:v7');
      const after = await tools.get(namespace, 'deployments', 'orders-dapr-proxy');
      expect(at(after, 'metadata', 'uid')).toBe(at(before, 'metadata', 'uid'));
      expect(at(after, 'spec', 'replicas')).toBe(2);
    });
  });

  function isOfVersion({ apiVersion, kind }: JsonObject): boolean {
    return kind === 'Component'
      ? version === 'v1beta2'
      : kind === 'Function' && apiVersion === `core.openfunction.io/${version}`;
  }

  function oddPort(port: number): JsonObject {
    return version === 'v1beta1' ? {} : { triggers: { http: { port } } };
  }

  async function proxyImage(namespace: string, functionName: string): Promise<unknown> {
    const proxy = await tools.get(namespace, 'deployments', `${functionName}-dapr-proxy`);
    const [container] = objectsOf(at(proxy, 'spec', 'template', 'spec', 'containers'));
    return container?.item['image'];
  }

  /** Owned by the Function alone, and written by one field manager. */
  async function expectOwned(namespace: string, live: readonly JsonObject[]): Promise<void> {
    const fn = await tools.get(namespace, 'functions', 'orders');
    for (const object of live) {
      expect(at(object, 'metadata', 'ownerReferences')).toEqual([
        {
          apiVersion: `core.openfunction.io/${version}`,
          kind: 'Function',
          name: 'orders',
          uid: at(fn, 'metadata', 'uid'),
          controller: true,
          blockOwnerDeletion: true,
        },
      ]);
      expect(asObject(at(object, 'metadata', 'labels'))).toMatchObject({
        'openfunction.io/managed': 'true',
        'baas.openfunction.io/proxy': 'orders',
        'app.kubernetes.io/managed-by': 'openfunction-dapr-webhook',
      });
      const managers = objectsOf(at(object, 'metadata', 'managedFields'))
        .filter(({ item }) => item['subresource'] === undefined)
        .map(({ item }) => [item['manager'], item['operation']])
        // The Deployment controller counts revisions in an annotation.
        .filter(([manager]) => manager !== 'kube-controller-manager');
      // A token is created and never applied: whoever holds it keeps it.
      const operation = object['kind'] === 'Secret' ? 'Update' : 'Apply';
      expect(managers).toEqual([['openfunction-dapr-webhook', operation]]);
    }
  }
}

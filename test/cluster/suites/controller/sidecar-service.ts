import { expect, it } from 'vitest';
import { at, type JsonObject } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { modeAnnotations } from '../../harness/fixtures.ts';
import { titlesOf } from '../../harness/kept-objects.ts';
import { ControllerTools } from './tools.ts';

const watchSeconds = 3;

const asking = { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'shop' };

/** `<app-id>-dapr`, which Dapr's operator makes for some workloads, and nobody for the others. */
export function sidecarServiceSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);
  const fn = tools.functionOf({
    name: 'orders',
    annotations: { ...modeAnnotations('sidecar'), 'dapr.io/app-id': 'shop' },
    hasOutput: true,
  });

  const titles = async (namespace: string) => titlesOf(await tools.kept(namespace, 'orders'));

  it('is headless and leads to the Function’s Pods', async () => {
    const namespace = await cluster().namespace();
    await tools.apply(namespace, fn);
    await tools.expectKept(namespace, [fn]);
    const service = await tools.get(namespace, 'services', 'shop-dapr');
    expect(service['spec']).toMatchObject({
      clusterIP: 'None',
      selector: { 'openfunction.io/function': 'orders' },
    });
  });

  it.each(['Deployment', 'StatefulSet'])(
    'is left to Dapr where the template of a %s asks for the app-id',
    async (kind) => {
      const namespace = await cluster().namespace();
      const around = [workload(kind, asking)];
      await tools.apply(namespace, ...around, fn);
      await tools.expectKept(namespace, [fn], { around });
      await tools.expectNoWrites(watchSeconds, { namespace });
      expect(await titles(namespace)).toEqual(['Component/orders-kafka']);
    },
  );

  it.each([
    ['asks for another app-id', { ...asking, 'dapr.io/app-id': 'other' }],
    ['asks for none', { 'dapr.io/app-id': 'shop' }],
    ['says no', { ...asking, 'dapr.io/enabled': 'false' }],
  ])('is made where a template %s', async (_what, annotations) => {
    const namespace = await cluster().namespace();
    const around = [workload('Deployment', annotations)];
    await tools.apply(namespace, ...around, fn);
    await tools.expectKept(namespace, [fn], { around });
    expect(await titles(namespace)).toContain('Service/shop-dapr');
  });

  it('makes way for a workload of the Function that comes later, and comes back when that goes', async () => {
    const namespace = await cluster().namespace();
    await tools.apply(namespace, fn);
    await tools.expectKept(namespace, [fn]);
    await tools.apply(namespace, workload('Deployment', asking));
    await eventually(async () => {
      expect(await titles(namespace)).toEqual(['Component/orders-kafka']);
    });
    await tools.kubectl(namespace, 'delete', 'deployments', 'orders');
    await tools.expectKept(namespace, [fn]);
  });

  it('of Dapr itself is never touched', async () => {
    const namespace = await cluster().namespace();
    const theirs = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'shop-dapr',
        labels: { 'dapr.io/enabled': 'true' },
        annotations: { 'dapr.io/app-id': 'shop' },
      },
      spec: { clusterIP: 'None', selector: { app: 'orders' }, ports: [{ port: 50001 }] },
    };
    await tools.apply(namespace, theirs);
    const before = await tools.get(namespace, 'services', 'shop-dapr');
    await tools.apply(namespace, fn);
    await eventually(async () => {
      expect(await titles(namespace)).toEqual(['Component/orders-kafka']);
    });
    await tools.expectNoWrites(watchSeconds, { namespace });
    const after = await tools.get(namespace, 'services', 'shop-dapr');
    expect(at(after, 'metadata', 'resourceVersion')).toBe(
      at(before, 'metadata', 'resourceVersion'),
    );
  });
}

/** A workload that runs the Function. */
function workload(kind: string, annotations: JsonObject): JsonObject {
  const labels = { app: 'orders', 'openfunction.io/function': 'orders' };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'orders' },
    spec: {
      ...(kind === 'StatefulSet' ? { serviceName: 'orders' } : {}),
      selector: { matchLabels: { app: 'orders' } },
      template: {
        metadata: { labels, annotations },
        spec: { containers: [{ name: 'function', image: 'example.com/function:v1' }] },
      },
    },
  };
}

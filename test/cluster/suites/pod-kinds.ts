import { describe, expect, it } from 'vitest';
import { asObject, at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import type { Cluster } from '../harness/cluster.ts';
import { functionObject, modeAnnotations, podOf } from '../harness/fixtures.ts';
import { productNamespace } from '../harness/service-accounts.ts';

const modeLabel = 'baas.openfunction.io/mode';

/** Pods that are special in one way or another. */
export function podKindsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const create = (namespace: string, object: JsonObject) =>
    cluster().kubectl.run(['create', '-n', namespace, '-f', '-'], [object]);

  async function namespaceWithFunction(): Promise<string> {
    const namespace = await cluster().namespace();
    const annotations = modeAnnotations('standalone');
    await create(namespace, functionObject(version, { name: 'orders', annotations }));
    return namespace;
  }

  describe('a Pod', () => {
    it('with generateName and no namespace of its own is admitted in that of the request', async () => {
      const namespace = await namespaceWithFunction();
      await create(namespace, podOf('orders', { generateName: 'orders-' }));
      const [pod] = await cluster().kubectl.list('pods', namespace);
      expect(at(pod, 'metadata', 'labels', modeLabel)).toBe('standalone');
      const [container] = objectsOf(at(pod, 'spec', 'containers'));
      const env = objectsOf(container?.item['env']).map(({ item }) => [
        item['name'],
        item['value'],
      ]);
      expect(Object.fromEntries(env)).toMatchObject({
        POD_NAMESPACE: namespace,
        DAPR_HOST: `orders-dapr-proxy.${namespace}.svc.cluster.local`,
      });
      expect(cluster().product.log.at(-1)).toMatchObject({ generateName: 'orders-', namespace });
    });

    it('found through its Serving is admitted as the Pod of its Function', async () => {
      const namespace = await namespaceWithFunction();
      await create(namespace, {
        apiVersion: `core.openfunction.io/${version}`,
        kind: 'Serving',
        metadata: { name: 'serving-abcde', labels: { 'openfunction.io/function': 'orders' } },
        spec: {
          image: 'example.com/function:v1',
          ...(version === 'v1beta1' ? { runtime: 'knative' } : {}),
        },
      });
      const pod = podOf('orders', {
        name: 'served',
        labels: { 'openfunction.io/serving': 'serving-abcde' },
      });
      await create(namespace, pod);
      const stored = await cluster().kubectl.get('pods', 'served', namespace);
      expect(asObject(at(stored, 'metadata', 'labels'))).toEqual({
        'openfunction.io/serving': 'serving-abcde',
        'openfunction.io/function': 'orders',
        [modeLabel]: 'standalone',
      });
    });

    it.each(['kube-system', 'kube-public', productNamespace])(
      'in %s never reaches the webhook',
      async (namespace) => {
        const before = await cluster().product.answered({ resource: 'pods' });
        const name = `excluded-${version}`;
        await cluster().kubectl.run([
          ...['wait', '--for=create', 'serviceaccount/default', '-n', namespace, '--timeout=60s'],
        ]);
        await create(namespace, restricted(podOf('orders', { name })));
        const stored = await cluster().kubectl.get('pods', name, namespace);
        expect(at(stored, 'metadata', 'labels', modeLabel)).toBeUndefined();
        expect(await cluster().product.answered({ resource: 'pods' })).toBe(before);
      },
    );

    it.each([
      ['opted out', { 'baas.openfunction.io/inject': 'disabled' }],
      ["a proxy's", { 'baas.openfunction.io/proxy': 'orders' }],
      ["OpenFunction's own proxy", { 'openfunction.io/proxy': 'serving-abcde' }],
      ['nobody’s function', { 'openfunction.io/function': undefined }],
    ])('that is %s never reaches the webhook', async (_what, labels) => {
      const namespace = await namespaceWithFunction();
      const before = await cluster().product.answered({ resource: 'pods' });
      const pod = podOf('orders', { name: 'left-alone' });
      const all = { ...asObject(at(pod, 'metadata', 'labels')), ...labels };
      await create(namespace, { ...pod, metadata: { name: 'left-alone', labels: all } });
      const stored = await cluster().kubectl.get('pods', 'left-alone', namespace);
      expect(at(stored, 'metadata', 'annotations')).toBeUndefined();
      expect(await cluster().product.answered({ resource: 'pods' })).toBe(before);
    });

    it('that mirrors a static one is left alone', async () => {
      const namespace = await namespaceWithFunction();
      const pod = podOf('orders', {
        name: 'mirror',
        annotations: { 'kubernetes.io/config.mirror': 'abc' },
      });
      // The API server takes one only with a node.
      const spec = { ...asObject(pod['spec']), nodeName: 'some-node' };
      const before = await cluster().product.answered({ resource: 'pods' });
      await create(namespace, { ...pod, spec });
      const stored = await cluster().kubectl.get('pods', 'mirror', namespace);
      expect(at(stored, 'metadata', 'annotations')).toEqual({
        'kubernetes.io/config.mirror': 'abc',
      });
      expect(await cluster().product.answered({ resource: 'pods' })).toBe(before);
    });

    it('of an unknown Function is admitted unchanged, and kubectl shows why', async () => {
      const namespace = await cluster().namespace();
      const answer = await create(namespace, podOf('nobody', { name: 'lost' }));
      expect(answer).toContain(`Warning: no Function found in namespace "${namespace}"`);
      const stored = await cluster().kubectl.get('pods', 'lost', namespace);
      expect(at(stored, 'metadata', 'annotations')).toBeUndefined();
    });
  });
}

/** A Pod as the restricted Pod Security Standard wants it, which our own namespace enforces. */
function restricted(pod: JsonObject): JsonObject {
  const spec = asObject(pod['spec']) ?? {};
  const containers = objectsOf(spec['containers']).map(({ item }) => ({
    ...item,
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  }));
  const securityContext = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
  return { ...pod, spec: { ...spec, securityContext, containers } };
}

import { describe, expect, it } from 'vitest';
import { at, type JsonObject } from '../../../src/api/json.ts';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import type { Cluster } from '../harness/cluster.ts';
import { functionObject, modeAnnotations, podOf, podTemplate } from '../harness/fixtures.ts';
import { until } from '../harness/until.ts';

/** What a cluster goes through while the webhook is away. */
export function webhookOutageSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const create = (namespace: string, object: JsonObject) =>
    cluster().kubectl.try(['create', '-n', namespace, '-f', '-'], [object]);

  /** A Pod that is nobody's function. */
  const stranger = (name: string): JsonObject => {
    const { metadata: _metadata, ...pod } = podOf('none', {});
    return { ...pod, metadata: { name } };
  };

  async function modeOf(name: string, namespace: string): Promise<unknown> {
    const pod = await cluster().kubectl.get('pods', name, namespace);
    return at(pod, 'metadata', 'labels', 'baas.openfunction.io/mode');
  }

  describe('while the webhook is away', () => {
    it('others are unaffected, function pods follow the failure policy, and all recovers by itself', async () => {
      const { product, kubectl } = cluster();
      const namespace = await cluster().namespace();
      const annotations = modeAnnotations('standalone');
      await create(namespace, functionObject(version, { name: 'orders', annotations }));
      try {
        await product.stop();
        expect(await create(namespace, stranger('stranger'))).toMatchObject({ code: 0 });
        expect(await create('kube-system', podOf('orders', { name: namespace }))).toMatchObject({
          code: 0,
        });
        // As shipped: the Pod is let through, without what it needs.
        expect(await create(namespace, podOf('orders', { name: 'ignored' }))).toMatchObject({
          code: 0,
        });
        expect(await modeOf('ignored', namespace)).toBeUndefined();

        await product.restart();
        await cluster().register('Fail');
        await product.stop();
        expect(await create(namespace, stranger('stranger-too'))).toMatchObject({ code: 0 });
        const refused = await create(namespace, podOf('orders', { name: 'refused' }));
        expect(refused.code).not.toBe(0);
        expect(refused.stderr).toContain('function-pods.mutate.baas.openfunction.io');
        const deployment = {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'orders' },
          spec: {
            selector: { matchLabels: { app: 'orders' } },
            template: { ...podTemplate('orders') },
          },
        };
        expect(await create(namespace, deployment)).toMatchObject({ code: 0 });
        await until('the ReplicaSet to be refused its Pod', async () => {
          const events = await kubectl.list('events', namespace);
          return events.some(({ reason }) => reason === 'FailedCreate');
        });

        await product.restart();
        expect(await create(namespace, podOf('orders', { name: 'back' }))).toMatchObject({
          code: 0,
        });
        expect(await modeOf('back', namespace)).toBe('standalone');
        await until('the ReplicaSet to try again', async () => {
          const pods = await kubectl.list('pods', namespace, 'app=orders');
          return pods.some((pod) => at(pod, 'metadata', 'ownerReferences') !== undefined);
        });
      } finally {
        await product.ensureRunning();
        await cluster().register('Ignore');
      }
    });
  });
}

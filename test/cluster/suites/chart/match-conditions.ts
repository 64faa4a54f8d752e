import { describe, expect, it } from 'vitest';
import { asList, asObject, at, type JsonObject, objectsOf } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import { pick } from '../../../support/json.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { functionObject, type Mode, modeAnnotations, podOf } from '../../harness/fixtures.ts';

const modeLabel = 'baas.openfunction.io/mode';
const servingLabel = 'openfunction.io/serving';

/** Which Pods API servers know to be done, and what may happen to Functions while nobody answers. */
export function matchConditionsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const create = (namespace: string, ...objects: JsonObject[]) =>
    cluster().kubectl.run(['create', '-n', namespace, '-f', '-'], objects);

  async function namespaceWithFunction(mode: Mode): Promise<string> {
    const namespace = await cluster().namespace();
    const annotations = modeAnnotations(mode);
    await create(namespace, functionObject(version, { name: 'orders', annotations }));
    return namespace;
  }

  /** Creates a Pod. @returns it as it is stored, and how often the webhook was asked about it */
  async function admitted(
    namespace: string,
    pod: JsonObject,
  ): Promise<{ stored: JsonObject; calls: number }> {
    const { product, kubectl } = cluster();
    const before = await product.answered({ resource: 'pods' });
    await create(namespace, pod);
    const calls = (await product.answered({ resource: 'pods' })) - before;
    const name = String(at(pod, 'metadata', 'name'));
    return { stored: await kubectl.get('pods', name, namespace), calls };
  }

  /** What somebody pastes who has read a running Pod. */
  function copyOf(stored: JsonObject, name: string): JsonObject {
    const { labels, annotations } = asObject(stored['metadata']) ?? {};
    const { containers } = asObject(stored['spec']) ?? {};
    const plain = objectsOf(containers).map(({ item }) => {
      const { volumeMounts: _mounts, ...container } = item;
      return container;
    });
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: labels ?? {}, annotations: annotations ?? {} },
      spec: { containers: plain },
    };
  }

  const bothLabels = (name: string): JsonObject => {
    const pod = podOf('orders', { name });
    const labels = { ...asObject(at(pod, 'metadata', 'labels')), [servingLabel]: 'orders-1' };
    return { ...pod, metadata: { ...asObject(pod['metadata']), labels } };
  };

  const dapr = (pod: JsonObject): JsonObject => asObject(at(pod, 'metadata', 'annotations')) ?? {};

  describe('a Pod in standalone mode', () => {
    it('is seen once, although both webhooks select it', async () => {
      const namespace = await namespaceWithFunction('standalone');
      const { stored, calls } = await admitted(namespace, bothLabels('both'));
      expect(calls).toBe(1);
      expect(at(stored, 'metadata', 'labels', modeLabel)).toBe('standalone');
    });

    it('is not seen when it comes as a copy of one that was admitted', async () => {
      const namespace = await namespaceWithFunction('standalone');
      const first = await admitted(namespace, bothLabels('first'));
      const copy = copyOf(first.stored, 'copy');
      const { stored, calls } = await admitted(namespace, copy);
      expect(calls).toBe(0);
      expect(copyOf(stored, 'copy')).toEqual(copy);
    });

    it('is seen when anything is missing or too much, and gets it back', async () => {
      const namespace = await namespaceWithFunction('standalone');
      const { stored } = await admitted(namespace, podOf('orders', { name: 'first' }));
      const names = objectsOf(pick(stored, 'spec', 'containers', 0, 'env')).map(({ item }) =>
        String(item['name']),
      );
      expect(names).toContain('DAPR_HOST');
      const daprd = { name: 'daprd', image: 'daprio/daprd:latest' };
      const changes: [what: string, change: (pod: JsonObject) => void][] = [
        ['mode', (pod) => delete labelsOf(pod)[modeLabel]],
        ['another-mode', (pod) => Object.assign(labelsOf(pod), { [modeLabel]: 'disabled' })],
        ['enabled', (pod) => delete dapr(pod)['dapr.io/enabled']],
        ['asks-for-dapr', (pod) => Object.assign(dapr(pod), { 'dapr.io/enabled': 'true' })],
        ['app-id', (pod) => Object.assign(dapr(pod), { 'dapr.io/app-id': 'orders' })],
        ['daprd', (pod) => specOf(pod)['containers']?.push(daprd)],
        [
          'native-daprd',
          (pod) => {
            Object.assign(specOf(pod), { initContainers: [{ ...daprd, restartPolicy: 'Always' }] });
          },
        ],
        ...names
          .filter((name) => name !== 'GREETING')
          .map((name): [string, (pod: JsonObject) => void] => [
            name.toLowerCase().replaceAll('_', '-'),
            (pod) => {
              const [container] = specOf(pod)['containers'] ?? [];
              const env = container?.['env'] as JsonObject[];
              if (container) container['env'] = env.filter((variable) => variable['name'] !== name);
            },
          ]),
      ];
      for (const [what, change] of changes) {
        const name = `without-${what}`;
        const pod = structuredClone(copyOf(stored, name));
        change(pod);
        const result = await admitted(namespace, pod);
        expect(result.calls, what).toBeGreaterThan(0);
        expect(sorted(copyOf(result.stored, name)), what).toEqual(sorted(copyOf(stored, name)));
      }
    });
  });

  describe('a Pod in another mode', () => {
    it.each(['disabled', 'sidecar'] as const)('is seen as a copy, too (%s)', async (mode) => {
      const namespace = await namespaceWithFunction(mode);
      const { stored } = await admitted(namespace, podOf('orders', { name: 'first' }));
      expect((await admitted(namespace, copyOf(stored, 'copy'))).calls).toBeGreaterThan(0);
    });
  });

  describe('a Function that is being deleted', () => {
    it('can go while nobody answers, whatever the failure policy', async () => {
      const { product, kubectl } = cluster();
      const namespace = await cluster().namespace();
      const fn = functionObject(version, { name: 'orders' });
      const finalizers = ['example.com/clean-up'];
      await create(namespace, {
        ...fn,
        metadata: { ...asObject(fn['metadata']), finalizers },
      });
      const patch = (value: JsonObject) => [
        ...['patch', 'function', 'orders', '-n', namespace, '--type=merge'],
        ...['-p', JSON.stringify(value)],
      ];
      await cluster().register('Fail');
      await product.stop();
      try {
        const refused = await kubectl.try(patch({ metadata: { labels: { team: 'shop' } } }));
        expect(refused.stderr).toContain('failed calling webhook');
        await kubectl.run(['delete', 'function', 'orders', '-n', namespace, '--wait=false']);
        await kubectl.run(patch({ metadata: { finalizers: null } }));
        await kubectl.run(['wait', '--for=delete', 'function/orders', '-n', namespace]);
      } finally {
        await product.ensureRunning();
        await cluster().register('Ignore');
      }
    });
  });
}

function labelsOf(pod: JsonObject): JsonObject {
  return asObject(at(pod, 'metadata', 'labels')) ?? {};
}

function specOf(pod: JsonObject): { containers?: JsonObject[] } {
  return pod['spec'] as unknown as { containers?: JsonObject[] };
}

/** Variables in one order: what was missing is appended. */
function sorted(pod: JsonObject): JsonObject {
  const copy = structuredClone(pod);
  for (const container of specOf(copy).containers ?? []) {
    const env = asList(container['env']) as JsonObject[] | undefined;
    env?.sort((one, two) => (String(one['name']) < String(two['name']) ? -1 : 1));
  }
  return copy;
}

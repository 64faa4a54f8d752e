import { describe, expect, it } from 'vitest';
import { at, type JsonObject } from '../../../src/api/json.ts';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import type { Cluster } from '../harness/cluster.ts';
import { functionObject, modeAnnotations, podOf, podTemplate } from '../harness/fixtures.ts';
import { until } from '../harness/until.ts';

const functionCount = 200;
const burstCount = 500;

/** Pods in flight at once, over separate connections: what a busy controller manager does and more. */
const parallelClients = 5;

/** Many objects at once: nothing is refused, and no function pod slips by. */
export function manyObjectsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  describe('many at once', () => {
    it(`admits every Pod when ${functionCount} Functions come with their Deployments in one apply`, async () => {
      const { kubectl } = cluster();
      const namespace = await cluster().namespace();
      const names = Array.from({ length: functionCount }, (_, index) => `function-${index}`);
      // Each Function stands just before its Deployment: Pods come while Functions are still news.
      await kubectl.run(
        ['apply', '-n', namespace, '-f', '-'],
        names.flatMap((name) => [
          functionObject(version, { name, hasOutput: true }),
          deploymentOf(name),
        ]),
      );
      await until(
        `${functionCount} Pods`,
        async () => (await kubectl.list('pods', namespace)).length >= functionCount,
        120_000,
      );
      const pods = await kubectl.list('pods', namespace);
      expect(unadmitted(pods, 'standalone')).toEqual([]);
    });

    it(`admits ${burstCount} Pods that are created at once, and refuses none`, async () => {
      const { kubectl, product } = cluster();
      const namespace = await cluster().namespace();
      const fn = functionObject(version, {
        name: 'burst',
        annotations: modeAnnotations('standalone'),
      });
      await kubectl.run(['create', '-n', namespace, '-f', '-'], [fn]);
      const before = await product.answered({ resource: 'pods', outcome: 'patched' });
      const share = burstCount / parallelClients;
      const results = await Promise.all(
        Array.from({ length: parallelClients }, (_, client) =>
          kubectl.try(
            ['create', '-n', namespace, '-f', '-'],
            Array.from({ length: share }, (_pod, index) =>
              podOf('burst', { name: `burst-${client}-${index}` }),
            ),
          ),
        ),
      );
      expect(results.map(({ code, stderr }) => [code, stderr])).toEqual(results.map(() => [0, '']));
      const pods = await kubectl.list('pods', namespace);
      expect(pods).toHaveLength(burstCount);
      expect(unadmitted(pods, 'standalone')).toEqual([]);
      const after = await product.answered({ resource: 'pods', outcome: 'patched' });
      expect(after - before).toBe(burstCount);
    });
  });
}

function deploymentOf(name: string): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, template: { ...podTemplate(name) } },
  };
}

/** Names of the Pods that did not come out in a mode. */
function unadmitted(pods: readonly JsonObject[], mode: string): string[] {
  return pods
    .filter(
      (pod) =>
        at(pod, 'metadata', 'labels', 'baas.openfunction.io/mode') !== mode ||
        at(pod, 'metadata', 'annotations', 'dapr.io/enabled') !== 'false',
    )
    .map((pod) => String(at(pod, 'metadata', 'name')));
}

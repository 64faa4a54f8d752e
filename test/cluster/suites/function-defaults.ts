import { describe, expect, it } from 'vitest';
import { asObject, at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import type { Cluster } from '../harness/cluster.ts';
import { enableDapr, functionObject, podOf, serviceMode } from '../harness/fixtures.ts';

/** The ways in which people bring a manifest into a cluster, what a second time says, and under which name. */
const ways: readonly [
  what: string,
  create: string[],
  again: string[],
  unchanged: RegExp,
  manager: string,
][] = [
  ['client-side apply', ['apply'], ['apply'], / unchanged$/m, 'kubectl-client-side-apply'],
  [
    'server-side apply',
    ['apply', '--server-side'],
    ['apply', '--server-side'],
    / serverside-applied$/m,
    'kubectl',
  ],
  ['create and replace', ['create'], ['replace'], / replaced$/m, 'kubectl-create'],
];

/** Functions on their way through a real API server. */
export function functionDefaultsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const annotationsOf = (fn: JsonObject) =>
    asObject(at(fn, 'spec', 'serving', 'annotations')) ?? {};
  const get = (name: string, namespace: string) =>
    cluster().kubectl.get('functions', name, namespace);
  const send = (verb: readonly string[], namespace: string, ...objects: JsonObject[]) =>
    cluster().kubectl.run([...verb, '-n', namespace, '-f', '-'], objects);

  describe('defaults', () => {
    it.each(ways)(
      'are written once, with %s, and a second time changes nothing',
      async (_what, create, again, unchanged) => {
        const namespace = await cluster().namespace();
        const fn = functionObject(version, { name: 'orders', hasOutput: true });
        await send(create, namespace, fn);
        const first = await get('orders', namespace);
        expect(annotationsOf(first)).toEqual({
          [enableDapr]: 'true',
          [serviceMode]: 'standalone',
        });
        expect(await send(again, namespace, fn)).toMatch(unchanged);
        const second = await get('orders', namespace);
        expect(second['spec']).toEqual(first['spec']);
        expect(at(second, 'metadata', 'generation')).toBe(at(first, 'metadata', 'generation'));
        expect(at(second, 'metadata', 'generation')).toBe(1);
      },
    );

    it.each(ways)(
      'are owned by no manager, and what the user wrote by kubectl, with %s',
      async (_what, create, _again, _unchanged, manager) => {
        const namespace = await cluster().namespace();
        const annotations = { 'dapr.io/log-level': 'debug' };
        const fn = functionObject(version, { name: 'orders', hasOutput: true, annotations });
        await send(create, namespace, fn);
        const stored = await get('orders', namespace);
        expect(annotationsOf(stored)).toEqual({
          ...annotations,
          [enableDapr]: 'true',
          [serviceMode]: 'standalone',
        });
        expect(ownersOf(stored, enableDapr)).toEqual([]);
        expect(ownersOf(stored, serviceMode)).toEqual([]);
        expect(ownersOf(stored, 'dapr.io/log-level')).toEqual([manager]);
        expect(managersOf(stored)).toEqual([manager]);
      },
    );

    it.each(ways)(
      'follow the outputs that come later and go again, with %s',
      async (_what, create, again) => {
        const namespace = await cluster().namespace();
        await send(create, namespace, functionObject(version, { name: 'orders' }));
        expect(annotationsOf(await get('orders', namespace))).toEqual({ [enableDapr]: 'false' });
        await send(again, namespace, functionObject(version, { name: 'orders', hasOutput: true }));
        const enabled = { [enableDapr]: 'true', [serviceMode]: 'standalone' };
        expect(annotationsOf(await get('orders', namespace))).toEqual(enabled);
        await send(again, namespace, functionObject(version, { name: 'orders' }));
        const disabled = annotationsOf(await get('orders', namespace));
        expect(disabled[enableDapr]).toBe('false');
        // A replaced object is as its manifest has it; an applied one keeps the mode, now without meaning.
        expect(disabled[serviceMode]).toBe(again[0] === 'replace' ? undefined : 'standalone');
      },
    );

    it.each(ways)('leave an explicit "false" alone, with %s', async (_what, create, again) => {
      const namespace = await cluster().namespace();
      const annotations = { [enableDapr]: 'false' };
      await send(create, namespace, functionObject(version, { name: 'orders', annotations }));
      const fn = functionObject(version, { name: 'orders', annotations, hasOutput: true });
      await send(again, namespace, fn);
      const stored = await get('orders', namespace);
      expect(annotationsOf(stored)).toEqual(annotations);
      expect(ownersOf(stored, enableDapr)).toHaveLength(1);
    });

    it('leave alone an explicit "false" that client-side apply states after it was defaulted', async () => {
      const namespace = await cluster().namespace();
      await send(['apply'], namespace, functionObject(version, { name: 'orders' }));
      const annotations = { [enableDapr]: 'false' };
      await send(['apply'], namespace, functionObject(version, { name: 'orders', annotations }));
      expect(ownersOf(await get('orders', namespace), enableDapr)).toEqual([]);
      const fn = functionObject(version, { name: 'orders', annotations, hasOutput: true });
      await send(['apply'], namespace, fn);
      expect(annotationsOf(await get('orders', namespace))).toEqual(annotations);
    });

    it('leave alone an explicit "false" that was patched or edited in', async () => {
      const namespace = await cluster().namespace();
      await send(
        ['apply'],
        namespace,
        functionObject(version, { name: 'orders', hasOutput: true }),
      );
      const merge = JSON.stringify({
        spec: { serving: { annotations: { [enableDapr]: 'false' } } },
      });
      await cluster().kubectl.run([
        ...['patch', 'functions', 'orders', '-n', namespace],
        ...['--type=merge', '-p', merge],
      ]);
      const fn = functionObject(version, {
        name: 'orders',
        hasOutput: true,
        image: 'example.com/new:v2',
      });
      await send(['apply'], namespace, fn);
      const stored = await get('orders', namespace);
      expect(annotationsOf(stored)[enableDapr]).toBe('false');
      expect(ownersOf(stored, enableDapr)).toEqual(['kubectl-patch']);
    });

    it('are shown by a server-side dry run that stores nothing', async () => {
      const namespace = await cluster().namespace();
      const fn = functionObject(version, { name: 'orders', hasOutput: true });
      const shown = await send(
        ['apply', '--dry-run=server', '-o', 'jsonpath={.spec.serving.annotations}'],
        namespace,
        fn,
      );
      expect(JSON.parse(shown)).toEqual({ [enableDapr]: 'true', [serviceMode]: 'standalone' });
      expect(await cluster().kubectl.list('functions', namespace)).toEqual([]);
    });

    it.each(ways)(
      'are those that the samples promise, with %s',
      async (_what, create, again, unchanged) => {
        const namespace = await cluster().namespace();
        const samples = (await cluster().read('manifests/samples')).filter(
          ({ apiVersion, kind }) =>
            kind === 'Function' && apiVersion === `core.openfunction.io/${version}`,
        );
        expect(samples.length).toBeGreaterThan(4);
        const dryRun = await send([...create, '--dry-run=server'], namespace, ...samples);
        expect(dryRun.match(/\(server dry run\)$/gm)).toHaveLength(samples.length);
        expect(await cluster().kubectl.list('functions', namespace)).toEqual([]);

        const warnings = (await send(create, namespace, ...samples))
          .split('\n')
          .filter((line) => line.startsWith('Warning'));
        // The one sample whose Components have to exist already, and do not.
        expect(warnings.filter((line) => !/"shop-(events|state)"/.test(line))).toEqual([]);
        const before = await cluster().kubectl.list('functions', namespace);
        for (const fn of before) {
          const annotations = annotationsOf(fn);
          const hasServing = at(fn, 'spec', 'serving') !== undefined;
          expect(Object.hasOwn(annotations, enableDapr)).toBe(hasServing);
          expect(Object.hasOwn(annotations, serviceMode)).toBe(annotations[enableDapr] === 'true');
        }
        const answer = await send(again, namespace, ...samples);
        expect(answer.match(new RegExp(unchanged, 'gm'))).toHaveLength(samples.length);
        const after = await cluster().kubectl.list('functions', namespace);
        const specs = (objects: JsonObject[]) =>
          objects.map((fn) => [at(fn, 'metadata', 'generation'), fn['spec']]);
        expect(specs(after)).toEqual(specs(before));
      },
    );

    it('are not written into a Function that is older than the webhook when only its labels change', async () => {
      const namespace = await cluster().namespace();
      const { kubectl } = cluster();
      await cluster().withoutWebhook(async () => {
        await send(
          ['create'],
          namespace,
          functionObject(version, { name: 'old', hasOutput: true }),
        );
      });
      const before = await get('old', namespace);
      expect(annotationsOf(before)).toEqual({});
      await kubectl.run(['label', 'functions', 'old', '-n', namespace, 'team=shop']);
      const after = await get('old', namespace);
      expect(after['spec']).toEqual(before['spec']);
      expect(at(after, 'metadata', 'generation')).toBe(1);
      expect(at(after, 'metadata', 'labels')).toEqual({ team: 'shop' });
      // What is not written out holds all the same.
      await send(['create'], namespace, podOf('old', { name: 'pod' }));
      const pod = await kubectl.get('pods', 'pod', namespace);
      expect(at(pod, 'metadata', 'labels', 'baas.openfunction.io/mode')).toBe('standalone');
    });
  });
}

function managersOf(fn: JsonObject): string[] {
  return objectsOf(at(fn, 'metadata', 'managedFields')).map(({ item }) => String(item['manager']));
}

/** Managers that own an annotation under `spec.serving.annotations`. */
function ownersOf(fn: JsonObject, annotation: string): string[] {
  return objectsOf(at(fn, 'metadata', 'managedFields'))
    .filter(({ item }) => {
      const owned = at(item, 'fieldsV1', 'f:spec', 'f:serving', 'f:annotations');
      return Object.hasOwn(asObject(owned) ?? {}, `f:${annotation}`);
    })
    .map(({ item }) => String(item['manager']));
}

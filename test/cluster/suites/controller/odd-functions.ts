import { expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { type Mode, modeAnnotations } from '../../harness/fixtures.ts';
import { titlesOf } from '../../harness/kept-objects.ts';
import { ControllerTools } from './tools.ts';

/** With pauses that double from some milliseconds on there are about a dozen attempts in this time. */
const backoffSeconds = 10;
const fewAttempts = 20;

interface Oddity {
  readonly what: string;
  readonly mode: Mode;
  readonly annotations: Record<string, string>;
  /** What API servers refuse, and the field that they name. */
  readonly refused: string;
  readonly field: string;
  /** What is made all the same. */
  readonly made: readonly string[];
}

const oddities: readonly Oddity[] = [
  {
    what: 'an annotation whose name is none',
    mode: 'standalone',
    annotations: { 'dapr.io/not valid': 'x' },
    refused: 'odd-dapr-proxy',
    field: 'annotations',
    made: ['Component/odd-kafka', 'NetworkPolicy/odd-dapr-proxy', 'Service/odd-dapr-proxy'],
  },
  {
    what: 'an app-id that is no DNS label',
    mode: 'sidecar',
    annotations: { 'dapr.io/app-id': 'Not_A_Label' },
    refused: 'Not_A_Label-dapr',
    field: 'metadata.name',
    made: ['Component/odd-kafka'],
  },
];

/** Functions that were stored before the webhook could have denied them. */
export function oddFunctionsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);

  it.each(oddities.map((oddity) => [oddity.what, oddity] as const))(
    '%s fails alone, says where, is tried ever less often, and is well when it is mended',
    async (_what, { mode, annotations, refused, field, made }) => {
      const namespace = await cluster().namespace();
      const fn = (more: Record<string, string>): JsonObject =>
        tools.functionOf({
          name: 'odd',
          annotations: { ...modeAnnotations(mode), ...more },
          hasOutput: true,
        });
      await cluster().withoutWebhook(async () => {
        await tools.apply(namespace, fn(annotations));
      });
      const startedAtMs = Date.now();
      const well = tools.functionOf({ name: 'well', annotations: modeAnnotations('standalone') });
      await tools.apply(namespace, well);
      await eventually(async () => {
        expect(titlesOf(await tools.kept(namespace))).toEqual(
          [
            ...made,
            'Deployment/well-dapr-proxy',
            'NetworkPolicy/well-dapr-proxy',
            'Service/well-dapr-proxy',
          ].sort(),
        );
      });
      const { note, type } = await tools.event(namespace, 'odd', 'ReconcileFailed');
      expect(type).toBe('Warning');
      expect(note).toContain(refused);
      expect(note).toContain(field);

      await new Promise((resolve) => setTimeout(resolve, backoffSeconds * 1000));
      const attempts = (await tools.writes({ namespace, afterMs: startedAtMs })).filter(
        ({ code }) => code >= 300,
      );
      expect(attempts.length).toBeLessThan(fewAttempts);
      const lines = cluster()
        .product.complaints.map((line) => JSON.stringify(line))
        .filter((line) => line.includes(refused) && line.includes(namespace));
      expect(lines).not.toEqual([]);
      expect(lines.length).toBeLessThan(fewAttempts);

      await tools.apply(namespace, fn({}));
      await tools.expectKept(namespace, [fn({}), well]);
    },
  );

  it('an annotation with a value that is not supported counts as unset, and an Event says so', async () => {
    const namespace = await cluster().namespace();
    const fn = tools.functionOf({
      name: 'odd',
      annotations: { 'openfunction.io/dapr-service-mode': 'shared' },
      hasOutput: true,
    });
    await cluster().withoutWebhook(async () => {
      await tools.apply(namespace, fn);
    });
    const { note, type } = await tools.event(namespace, 'odd', 'InvalidAnnotation');
    expect(type).toBe('Warning');
    expect(note).toContain('openfunction.io/dapr-service-mode');
    await eventually(async () => {
      expect(titlesOf(await tools.kept(namespace))).toContain('Deployment/odd-dapr-proxy');
    });
  });

  it('a component that nobody has is told of once, and all the rest is made', async () => {
    const namespace = await cluster().namespace();
    const annotations = modeAnnotations('standalone');
    const fn = tools.functionOf({
      name: 'odd',
      annotations,
      hasOutput: true,
      serving: { bindings: {} },
    });
    await tools.apply(namespace, fn);
    const { note, type } = await tools.event(namespace, 'odd', 'ComponentMissing');
    expect(type).toBe('Warning');
    expect(note).toContain('"kafka"');
    await tools.expectKept(namespace, [fn]);

    const component = {
      apiVersion: 'dapr.io/v1alpha1',
      kind: 'Component',
      metadata: { name: 'kafka' },
      spec: { type: 'bindings.kafka', version: 'v1', metadata: [] },
    };
    await tools.apply(namespace, component);
    // The proxy's context now has the type, which only the Component says.
    await tools.expectKept(namespace, [fn], { around: [component] });
    const reasons = (await tools.events(namespace, 'odd')).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === 'ComponentMissing')).toHaveLength(1);
  });
}

import { describe, expect, it } from 'vitest';
import { asObject, at } from '../../../src/api/json.ts';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import type { Cluster } from '../harness/cluster.ts';
import { enableDapr, functionObject, serviceMode } from '../harness/fixtures.ts';
import { until } from '../harness/until.ts';

/** Denials and warnings, as somebody at a terminal sees them. */
export function functionValidationSuite(cluster: () => Cluster, version: FunctionVersion): void {
  describe('validation', () => {
    const invalid = () =>
      functionObject(version, {
        name: 'orders',
        annotations: { [enableDapr]: 'yes', [serviceMode]: 'proxy' },
      });

    it.each([[['apply']], [['apply', '--server-side']], [['create']]])(
      'shows what is wrong through kubectl %j, every problem at once, and stores nothing',
      async (verb) => {
        const namespace = await cluster().namespace();
        const { code, stderr } = await cluster().kubectl.try(
          [...verb, '-n', namespace, '-f', '-'],
          [invalid()],
        );
        expect(code).not.toBe(0);
        expect(stderr).toContain(
          `spec.serving.annotations[${enableDapr}]: Unsupported value: "yes": supported values: "true", "false"`,
        );
        expect(stderr).toContain(
          `spec.serving.annotations[${serviceMode}]: Unsupported value: "proxy": supported values: "standalone", "sidecar"`,
        );
        expect(await cluster().kubectl.list('functions', namespace)).toEqual([]);
      },
    );

    it('lets an old invalid Function be edited elsewhere, with a warning', async () => {
      const { kubectl } = cluster();
      const namespace = await cluster().namespace();
      await cluster().withoutWebhook(async () => {
        await kubectl.run(['create', '-n', namespace, '-f', '-'], [invalid()]);
      });
      const image = JSON.stringify({ spec: { image: 'example.com/new:v2' } });
      const patch = ['patch', 'functions', 'orders', '-n', namespace, '--type=merge', '-p'];
      const answer = await kubectl.run([...patch, image]);
      expect(answer).toContain(
        `Warning: spec.serving.annotations[${serviceMode}]: Unsupported value: "proxy"`,
      );
      const stored = await kubectl.get('functions', 'orders', namespace);
      expect(at(stored, 'spec', 'image')).toBe('example.com/new:v2');

      const worse = JSON.stringify({
        spec: { serving: { annotations: { [serviceMode]: 'both' } } },
      });
      const denied = await kubectl.try([...patch, worse]);
      expect(denied.code).not.toBe(0);
      expect(denied.stderr).toContain('Unsupported value: "both"');
    });

    it('warns of a component that is not there, and no more once it is', async () => {
      const { kubectl } = cluster();
      const namespace = await cluster().namespace();
      const fn = functionObject(version, { name: 'orders', hasOutput: true });
      const { bindings: _bindings, ...serving } = asObject(at(fn, 'spec', 'serving')) ?? {};
      const undeclared = { ...fn, spec: { ...asObject(fn['spec']), serving } };
      const create = ['create', '--dry-run=server', '-n', namespace, '-f', '-'];
      expect(await kubectl.run(create, [undeclared])).toContain(
        `component "kafka" is neither declared in this Function nor a Dapr Component in namespace "${namespace}"`,
      );
      const component = {
        apiVersion: 'dapr.io/v1alpha1',
        kind: 'Component',
        metadata: { name: 'kafka' },
        spec: { type: 'bindings.kafka', version: 'v1', metadata: [] },
      };
      await kubectl.run(['create', '-n', namespace, '-f', '-'], [component]);
      await until('the Component to be known', async () => {
        return !(await kubectl.run(create, [undeclared])).includes('Warning');
      });
    });
  });
}

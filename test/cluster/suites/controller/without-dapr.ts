import { afterEach, expect, it } from 'vitest';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { modeAnnotations } from '../../harness/fixtures.ts';
import { keptKinds, keptObjects, titlesOf } from '../../harness/kept-objects.ts';
import { daprDefinitions } from '../../harness/prepare-cluster.ts';
import { ControllerTools, report } from './tools.ts';

const watchSeconds = 5;

/** Longer than it takes to look again whether Dapr is there. */
const noticedLimitMs = 120_000;

/** A cluster in which Dapr is not installed, or installed later. */
export function withoutDaprSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);
  const otherKinds = keptKinds.filter((kind) => !kind.includes('dapr.io'));

  const install = () => cluster().kubectl.run(['apply', '-f', daprDefinitions]);

  const uninstall = () =>
    cluster().kubectl.run(['delete', 'crd', 'components.dapr.io', '--timeout=60s']);

  afterEach(async () => {
    await install();
    await cluster().kubectl.run(['wait', '--for=condition=Established', 'crd', '--all']);
  });

  it('everything but Components is made, and Components follow once there can be some', async () => {
    const { kubectl, product } = cluster();
    const namespace = await cluster().namespace();
    await uninstall();
    const uninstalledAtMs = Date.now();
    const parts = { isAsync: true, hasOutput: true };
    const functions = (['standalone', 'sidecar'] as const).map((mode) =>
      tools.functionOf({
        name: mode,
        annotations: { ...modeAnnotations(mode), 'dapr.io/app-id': `app-${mode}` },
        ...parts,
      }),
    );
    await tools.apply(namespace, ...functions);
    await eventually(async () => {
      const live = await keptObjects(kubectl, namespace, undefined, otherKinds);
      expect(titlesOf(live)).toEqual([
        'Deployment/standalone-dapr-proxy',
        'NetworkPolicy/standalone-dapr-proxy',
        'Service/app-sidecar-dapr',
        'Service/standalone-dapr-proxy',
        'Service/standalone-events',
      ]);
    }, noticedLimitMs);
    // It tries in vain until it has noticed.
    await tools.untilQuiet(watchSeconds, { namespace });
    report('Dapr gone, to the last attempt and a while', Date.now() - uninstalledAtMs);
    expect(await product.isReady()).toBe(true);

    await install();
    const installedAtMs = Date.now();
    await tools.expectKept(namespace, functions, { timeoutMs: noticedLimitMs });
    report('Components made after Dapr was installed', Date.now() - installedAtMs);
  });

  it('a controller that starts before Dapr is there does all the same', async () => {
    const { kubectl, product } = cluster();
    const namespace = await cluster().namespace();
    await uninstall();
    await product.restart();
    const annotations = modeAnnotations('standalone');
    const fn = tools.functionOf({ name: 'orders', annotations, hasOutput: true });
    await tools.apply(namespace, fn);
    await eventually(async () => {
      const live = await keptObjects(kubectl, namespace, undefined, otherKinds);
      expect(titlesOf(live)).toContain('Deployment/orders-dapr-proxy');
    });
    await install();
    await tools.expectKept(namespace, [fn], { timeoutMs: noticedLimitMs });
  });
}

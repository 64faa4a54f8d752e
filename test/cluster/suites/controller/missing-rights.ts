import { afterEach, expect, it } from 'vitest';
import { at, objectsOf } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { modeAnnotations, podOf } from '../../harness/fixtures.ts';
import { titlesOf } from '../../harness/kept-objects.ts';
import { grantRights, productAccount, userOf } from '../../harness/service-accounts.ts';
import { until } from '../../harness/until.ts';
import { ControllerTools, report } from './tools.ts';

const role = 'openfunction-dapr-webhook-controller';

/** In this time a log that repeats itself fills up. */
const floodSeconds = 15;

/** One for each trouble, or two; a flood has hundreds. */
const fewLines = 3;

/** Longer than the longest pause of whoever tries again every few seconds. */
const recoveryLimitMs = 120_000;

/** An admin grants less than the controller needs. */
export function missingRightsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);
  const annotations = modeAnnotations('standalone');
  const fn = tools.functionOf({ name: 'orders', annotations, hasOutput: true });

  afterEach(async () => {
    await restore();
    await cluster().product.ensureRunning();
  });

  const restore = () => grantRights(cluster().kubectl);

  /** Takes the rule of a resource out of the controller's role, and waits until that holds. */
  async function revoke(resource: string, verb: string): Promise<void> {
    const { stdout } = await cluster().kubectl.try(['get', 'clusterrole', role, '-o', 'json']);
    const stored = JSON.parse(stdout);
    const rules = objectsOf(stored.rules).map(({ item }) => item);
    const left = rules.filter(
      (rule) => !JSON.stringify(rule['resources']).includes(`"${resource}"`),
    );
    expect(left).toHaveLength(rules.length - 1);
    await cluster().kubectl.run(['replace', '-f', '-'], [{ ...stored, rules: left }]);
    await untilAllowed(resource, verb, false);
  }

  function untilAllowed(resource: string, verb: string, isAllowed: boolean): Promise<void> {
    const ask = ['auth', 'can-i', verb, resource, '-A', `--as=${userOf(productAccount)}`];
    return until(`${verb} ${resource} to be ${isAllowed ? 'allowed' : 'forbidden'}`, async () => {
      return (await cluster().kubectl.try(ask)).stdout.startsWith(isAllowed ? 'yes' : 'no');
    });
  }

  /** Lines of trouble with a resource. */
  function complaints(resource: string): string[] {
    const lines = cluster().product.complaints.map((line) => JSON.stringify(line));
    return lines.filter((line) => line.includes(resource));
  }

  it('the rest is made, the log says what is missing and says it once, and all is well when it is granted', async () => {
    const namespace = await cluster().namespace();
    await revoke('networkpolicies', 'patch');
    const before = complaints('networkpolicies').length;
    await tools.apply(namespace, fn);
    await eventually(async () => {
      expect(titlesOf(await tools.kept(namespace))).toEqual([
        'Component/orders-kafka',
        'Deployment/orders-dapr-proxy',
        'Service/orders-dapr-proxy',
      ]);
    });
    await eventually(async () => {
      const lines = complaints('networkpolicies');
      expect(
        lines.some((line) => /\b(patch|create|get)\b/.test(line) && line.includes(namespace)),
        lines.join('\n'),
      ).toBe(true);
    });
    const { note } = await tools.event(namespace, 'orders', 'ReconcileFailed');
    expect(note).toContain('networkpolicies');
    await new Promise((resolve) => setTimeout(resolve, floodSeconds * 1000));
    const lineCount = complaints('networkpolicies').length - before;
    report(`${lineCount} log lines in ${floodSeconds} s without a right`);
    expect(lineCount).toBeLessThanOrEqual(fewLines);

    await restore();
    const restoredAtMs = Date.now();
    await tools.expectKept(namespace, [fn], { timeoutMs: recoveryLimitMs });
    report('the right granted, to the object made', Date.now() - restoredAtMs);
  });

  it('without any right of the controller, admission works, and all is made when they are granted', async () => {
    const { kubectl, product } = cluster();
    const namespace = await cluster().namespace();
    await product.stop();
    await kubectl.run(['delete', 'clusterrolebinding', role]);
    await untilAllowed('deployments', 'list', false);
    await product.launch();
    await eventually(async () => {
      await tools.kubectl(namespace, 'delete', 'functions', '--all');
      await tools.apply(namespace, tools.functionOf({ name: 'orders', hasOutput: true }));
      const stored = await tools.get(namespace, 'functions', 'orders');
      expect(at(stored, 'spec', 'serving', 'annotations')).toBeDefined();
    });
    await tools.apply(namespace, podOf('orders', { name: 'pod' }));
    const pod = await tools.get(namespace, 'pods', 'pod');
    expect(at(pod, 'metadata', 'labels', 'baas.openfunction.io/mode')).toBe('standalone');
    await eventually(async () => expect(complaints('deployments')).not.toEqual([]));
    expect(complaints('deployments').join('\n')).toMatch(/list/);
    await new Promise((resolve) => setTimeout(resolve, floodSeconds * 1000));
    const lineCount = complaints('deployments').length;
    report(`${lineCount} log lines in ${floodSeconds} s without any right`);
    expect(lineCount).toBeLessThanOrEqual(fewLines);

    await restore();
    await tools.expectKept(namespace, [tools.functionOf({ name: 'orders', hasOutput: true })], {
      timeoutMs: recoveryLimitMs,
    });
    await product.untilReady();
  });
}

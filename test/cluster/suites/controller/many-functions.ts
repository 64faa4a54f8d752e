import { beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { type Mode, modeAnnotations } from '../../harness/fixtures.ts';
import { keptKinds, objectDifferences, previewed, proxyLabel } from '../../harness/kept-objects.ts';
import { productAccount, userOf } from '../../harness/service-accounts.ts';
import { until } from '../../harness/until.ts';
import { ControllerTools, describeWrite, report } from './tools.ts';

const functionCount = 200;
const modes: readonly Mode[] = ['standalone', 'sidecar', 'disabled'];

/** For two busy cores, on which the Deployments' Pods are made at the same time. */
const completeLimitMs = 150_000;

const restSeconds = 60;
const quietSeconds = 5;

/** Many Functions at once, and then nothing. */
export function manyFunctionsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);
  const functions = Array.from({ length: functionCount }, (_, index) =>
    tools.functionOf({
      name: `function-${index}`,
      annotations: modeAnnotations(modes[index % modes.length] ?? 'standalone'),
      isAsync: index % 2 === 0,
      hasOutput: true,
    }),
  );
  let namespace: string;
  let wanted: JsonObject[];
  let startedAtMs: number;

  beforeAll(async () => {
    namespace = await cluster().namespace();
    wanted = await previewed(namespace, functions);
    startedAtMs = Date.now();
    await tools.apply(namespace, ...functions);
  });

  it(`${functionCount} are complete, each object written once`, async () => {
    await until(
      'everything to be there',
      async () => (await keptCount()) >= wanted.length,
      completeLimitMs,
    );
    const writes = await eventually(async () => {
      const all = await tools.writes({ namespace, afterMs: startedAtMs });
      expect(all.length).toBeGreaterThanOrEqual(wanted.length);
      return all;
    });
    const lastAtMs = Math.max(...writes.map(({ answeredAtMs }) => answeredAtMs));
    report(`${functionCount} Functions and their ${wanted.length} objects`, lastAtMs - startedAtMs);
    expect(objectDifferences(wanted, await tools.kept(namespace))).toEqual([]);
    expect(writes.filter(({ code }) => code >= 300)).toEqual([]);
    expect(writes).toHaveLength(wanted.length);
  });

  it('are in the metrics', async () => {
    const { product } = cluster();
    await eventually(async () => expect(await product.samples('baas_queue_depth')).toEqual([0]));
    expect(await product.metric('baas_leader')).toBe(1);
    for (const mode of modes) {
      const count = functions.filter((_fn, index) => modes[index % modes.length] === mode).length;
      expect(await product.metric('baas_functions', { mode })).toBe(count);
    }
    const proxies = wanted.filter(({ kind }) => kind === 'Deployment').length;
    expect(await product.metric('baas_proxies', { mode: 'standalone' })).toBe(proxies);
    expect(await product.metric('baas_writes_total', { kind: 'Deployment' })).toBeGreaterThan(0);
    expect(await product.metric('baas_reconcile_duration_seconds_count')).toBeGreaterThan(0);
    const staleness = await product.samples('baas_watch_staleness_seconds');
    expect(staleness.length).toBeGreaterThan(4);
  });

  it(`at rest nothing is written in ${restSeconds} seconds but the Lease`, async () => {
    await tools.untilQuiet(quietSeconds);
    const afterMs = Date.now();
    await tools.expectNoWrites(restSeconds);
    const others = await cluster().audit.writes({ user: userOf(productAccount), afterMs });
    const resources = new Set(others.map(({ resource }) => resource));
    expect(resources).toEqual(new Set(['leases']));
    report(`${others.length} renewals of the Lease in ${restSeconds} s, and nothing else`);
  });

  it('metadata that changes in all of them causes no write', async () => {
    await tools.kubectl(namespace, 'label', 'functions', '--all', 'team=shop');
    await tools.kubectl(namespace, 'annotate', 'functions', '--all', 'example.com/note=mine');
    await tools.expectNoWrites(quietSeconds);
  });

  it('a controller that starts over them writes nothing', async () => {
    const afterMs = Date.now();
    await cluster().product.restart();
    await cluster().product.untilLeading();
    const reconciled = () => cluster().product.metric('baas_reconcile_duration_seconds_count');
    await eventually(async () => {
      expect(await reconciled()).toBeGreaterThanOrEqual(functionCount);
    });
    await tools.expectNoWrites(quietSeconds);
    expect((await tools.writes({ afterMs })).map(describeWrite)).toEqual([]);
    const events = await cluster().audit.writes({
      ...{ user: userOf(productAccount), namespace, resource: 'events', afterMs },
    });
    // Those that were said before the restart are there, under the same name.
    expect(events.filter(({ code }) => code < 300)).toEqual([]);
  });

  it('are deleted, and everything of theirs goes with them', async () => {
    const deletedAtMs = Date.now();
    await tools.kubectl(namespace, 'delete', 'functions', '--all', '--timeout=120s');
    await until('everything to be gone', async () => (await keptCount()) === 0, completeLimitMs);
    report(`${functionCount} Functions and everything of theirs gone`, Date.now() - deletedAtMs);
  });

  /** How many objects there are; names are all that kubectl prints. */
  async function keptCount(): Promise<number> {
    const list = ['get', keptKinds.join(','), '-n', namespace, '-l', proxyLabel, '-o', 'name'];
    const { stdout } = await cluster().kubectl.try(list);
    return stdout.split('\n').filter((line) => line.includes('/')).length;
  }
}

import { afterAll, expect, it } from 'vitest';
import { at, type JsonObject } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { AuditedWrite } from '../../harness/audit-log.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { modeAnnotations, podOf, podTemplate } from '../../harness/fixtures.ts';
import { ControllerTools, report } from './tools.ts';

const modeLabel = 'baas.openfunction.io/mode';
const podCount = 4;

/** Evictions per minute: one each three seconds, give or take what a busy machine does to one. */
const rate = 20;
const leastGapMs = 60_000 / rate / 2;

const watchSeconds = 5;

/** Function pods that were created while the webhook was away. */
export function missedPodsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);

  afterAll(() => cluster().product.restart({ flags: [] }));

  /** A namespace with a Function whose Pods nobody admitted: some of a Deployment, one of nobody's. */
  async function namespaceWithMissedPods(): Promise<string> {
    const namespace = await cluster().namespace();
    const annotations = modeAnnotations('standalone');
    const fn = tools.functionOf({ name: 'orders', annotations, hasOutput: true });
    await tools.apply(namespace, fn);
    await tools.expectKept(namespace, [fn]);
    await cluster().withoutWebhook(async () => {
      await tools.apply(namespace, podOf('orders', { name: 'bare' }), workload());
      await eventually(async () => expect(await pods(namespace)).toHaveLength(podCount + 1));
    });
    return namespace;
  }

  function pods(namespace: string): Promise<JsonObject[]> {
    return cluster().kubectl.list('pods', namespace, 'openfunction.io/function=orders');
  }

  async function modesOf(namespace: string): Promise<unknown[]> {
    return (await pods(namespace)).map((pod) => at(pod, 'metadata', 'labels', modeLabel));
  }

  function evictions(namespace: string): Promise<AuditedWrite[]> {
    return tools.writes({ namespace, resource: 'pods', subresource: 'eviction' });
  }

  const missed = () => cluster().product.metric('baas_missed_pods');

  it('are told of, and left alone', async () => {
    const namespace = await namespaceWithMissedPods();
    const { note, type } = await tools.event(namespace, 'orders', 'PodsNotAdmitted');
    expect(type).toBe('Warning');
    expect(note).toContain('bare');
    await eventually(async () => expect(await missed()).toBe(podCount + 1));
    await tools.expectNoWrites(watchSeconds, { namespace });
    expect(await modesOf(namespace)).toEqual(Array.from({ length: podCount + 1 }));

    // Somebody does what the Event asks for.
    await tools.kubectl(namespace, 'delete', 'pods', '--all');
    await eventually(async () => expect(await missed()).toBe(0));
    await eventually(async () => {
      expect(await modesOf(namespace)).toEqual(Array(podCount).fill('standalone'));
    });
  });

  it('are evicted one after another and made anew, where that is wanted, but for one that nobody would make', async () => {
    const namespace = await namespaceWithMissedPods();
    const [bare] = (await pods(namespace)).filter((pod) => at(pod, 'metadata', 'name') === 'bare');
    const repair = ['--repair-missed-pods', '--repair-rate', String(rate)];
    await cluster().product.restart({ flags: repair });
    await eventually(async () => {
      const modes = await modesOf(namespace);
      expect(modes.filter((mode) => mode === 'standalone')).toHaveLength(podCount);
    });
    await eventually(async () => expect(await missed()).toBe(1));
    const writes = await evictions(namespace);
    expect(writes.map(({ verb, code }) => [verb, code])).toEqual(
      Array(podCount).fill(['create', 201]),
    );
    const times = writes.map(({ receivedAtMs }) => receivedAtMs);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...gaps), `gaps of ${gaps.join(', ')} ms`).toBeGreaterThan(leastGapMs);
    report(`gaps between evictions: ${gaps.join(', ')} ms`);

    await tools.expectNoWrites(watchSeconds, { namespace });
    const left = await tools.get(namespace, 'pods', 'bare');
    expect(at(left, 'metadata', 'uid')).toBe(at(bare, 'metadata', 'uid'));
    const events = await tools.events(namespace, 'orders');
    expect(events.filter(({ reason }) => reason === 'PodEvicted')).toHaveLength(podCount);
  });

  it('are no longer evicted where the next ones are missed as well', async () => {
    const namespace = await cluster().namespace();
    const fn = tools.functionOf({ name: 'orders', annotations: modeAnnotations('standalone') });
    await tools.apply(namespace, fn);
    await tools.expectKept(namespace, [fn]);
    await cluster().withoutWebhook(async () => {
      await tools.apply(namespace, workload());
      await eventually(async () => expect(await evictions(namespace)).not.toEqual([]));
      // In this time a handful would be evicted.
      await new Promise((resolve) => setTimeout(resolve, (5 * 60_000) / rate));
      expect((await evictions(namespace)).length).toBeLessThanOrEqual(2);
    });
  });
}

function workload(): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'orders' },
    spec: {
      replicas: podCount,
      selector: { matchLabels: { app: 'orders', kind: 'deployment' } },
      template: {
        ...podTemplate('orders'),
        metadata: {
          labels: { app: 'orders', kind: 'deployment', 'openfunction.io/function': 'orders' },
        },
      },
    },
  };
}

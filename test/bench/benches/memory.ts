import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '../../../src/api/json.ts';
import { Cluster } from '../../cluster/harness/cluster.ts';
import { functionObject, modeAnnotations } from '../../cluster/harness/fixtures.ts';
import { prepareCluster } from '../../cluster/harness/prepare-cluster.ts';
import { ApiClient, inParallel } from '../api-client.ts';
import type { Bench, BenchContext, Measured } from '../bench.ts';
import type { Figure } from '../figure.ts';
import type { Series } from '../series.ts';
import { startInCluster } from '../start-in-cluster.ts';
import { type Spread, spreadOf } from '../statistics.ts';

const counts = [100, 300, 1_000, 3_000, 10_000] as const;
const quickCounts = [10, 100] as const;

const namespace = 'default';
const atATime = 64;

/** Until what the start left over has been collected. */
const settleMs = 15_000;

const startsAtMost = 3;

/** Resident memory of `serve` over all that it keeps of a cluster. */
export const memoryBench: Bench = {
  name: 'memory',
  description: 'resident memory of serve with 100 to 10,000 Functions (minutes)',
  needs: [],
  async run(context) {
    const cluster = await Cluster.start();
    try {
      await prepareCluster(cluster.kubectl, 'v1beta2');
      return await measure(cluster, context);
    } finally {
      await cluster.stop();
    }
  },
};

/** Of some processes, one after the other: when V8 collects is a matter of chance. */
async function residentMiB(cluster: Cluster, context: BenchContext): Promise<number[]> {
  const values: number[] = [];
  for (let round = 0; round < Math.min(context.rounds, startsAtMost); round += 1) {
    const { process: serve } = await startInCluster(cluster, context);
    await pause(context.isQuick ? 0 : settleMs);
    values.push(await serve.residentMiB());
    await serve.stop();
  }
  return values;
}

async function measure(cluster: Cluster, context: BenchContext): Promise<Measured> {
  const client = await ApiClient.open(cluster.plane.adminKubeconfig, atATime);
  const figures: Figure[] = [];
  const measured: { count: number; taken: Spread }[] = [];
  let made = 0;
  try {
    for (const count of context.isQuick ? quickCounts : counts) {
      context.say(`${count} Functions, each with a Serving and a Component`);
      const numbers = Array.from({ length: count - made }, (_, index) => made + index);
      await inParallel(numbers, atATime, (number) => makeFunction(client, number));
      made = count;
      const taken = spreadOf(await residentMiB(cluster, context));
      measured.push({ count, taken });
      figures.push({
        id: `memory/${count}`,
        what: `serve, resident memory with ${count.toLocaleString('en-US')} Functions, Servings and Components`,
        unit: 'MiB',
        ours: taken,
        ...(count === 10_000 ? { goal: { atMost: 150 } } : {}),
      });
    }
  } finally {
    client.close();
  }
  const series: Series = {
    id: 'memory/functions',
    what: 'serve: resident memory',
    unit: 'MiB',
    x: { name: 'Functions, Servings, Components each' },
    points: measured.map(({ count, taken }) => ({ x: count, ours: taken })),
  };
  const [first] = measured;
  const last = measured.at(-1);
  if (first === undefined || last === undefined || first === last) {
    return { figures, series: [series] };
  }
  const perFunction =
    ((last.taken.median - first.taken.median) * 1024) / (last.count - first.count);
  const slope: Figure = {
    id: 'memory/per-function',
    what: 'the same, for each Function more',
    unit: 'KiB',
    ours: spreadOf([perFunction]),
    ...(context.isQuick ? {} : { goal: { atMost: 6 } }),
  };
  return { figures: [...figures, slope], series: [series] };
}

/** A Function whose Dapr is off, so that nothing is made for it, with what OpenFunction makes. */
async function makeFunction(client: ApiClient, number: number): Promise<void> {
  const name = `function-${number}`;
  const serving = `${name}-serving`;
  const annotations = modeAnnotations('disabled');
  const labels = { 'openfunction.io/serving': serving };
  const core = `/apis/core.openfunction.io/v1beta2/namespaces/${namespace}`;
  const fn = functionObject('v1beta2', { name, annotations, hasOutput: true, isAsync: true });
  const objects: [string, JsonObject][] = [
    [`${core}/functions`, fn],
    [
      `${core}/servings`,
      {
        apiVersion: 'core.openfunction.io/v1beta2',
        kind: 'Serving',
        metadata: { name: serving, labels: { 'openfunction.io/function': name } },
        spec: { image: 'example.com/function:v1' },
      },
    ],
    [
      `/apis/dapr.io/v1alpha1/namespaces/${namespace}/components`,
      {
        apiVersion: 'dapr.io/v1alpha1',
        kind: 'Component',
        metadata: { name: `${serving}-pubsub-topics-abcde`, labels },
        spec: {
          type: 'pubsub.kafka',
          version: 'v1',
          metadata: [{ name: 'brokers', value: 'kafka:9092' }],
        },
      },
    ],
  ];
  for (const [path, object] of objects) await client.send('POST', path, object);
}

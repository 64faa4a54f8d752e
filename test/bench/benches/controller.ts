import { setTimeout as pause } from 'node:timers/promises';
import { at, type JsonObject } from '../../../src/api/json.ts';
import { Cluster } from '../../cluster/harness/cluster.ts';
import { functionObject, modeAnnotations } from '../../cluster/harness/fixtures.ts';
import { previewed } from '../../cluster/harness/kept-objects.ts';
import { prepareCluster } from '../../cluster/harness/prepare-cluster.ts';
import { ApiClient, inParallel } from '../api-client.ts';
import type { Bench, BenchContext, Measured } from '../bench.ts';
import { comparedFigure, type Figure } from '../figure.ts';
import type { MeasuredProcess } from '../measured-process.ts';
import { comparedPoint, type Series, type SeriesPoint } from '../series.ts';
import { startInCluster } from '../start-in-cluster.ts';
import { spreadOf } from '../statistics.ts';

/** As many Functions at a time as the controller takes by default. */
const atATime = 10;

const counts = [10, 100, 1_000] as const;
const quickCounts = [2, 20] as const;

const restSeconds = 60;

/** Proxies of many Functions at once, and then nothing. */
export const controllerBench: Bench = {
  name: 'controller',
  description: '1,000 Functions at once until every proxy object is there, and at rest (minutes)',
  needs: [],
  async run(context) {
    const cluster = await Cluster.start();
    let serve: MeasuredProcess | undefined;
    try {
      await prepareCluster(cluster.kubectl, 'v1beta2');
      ({ process: serve } = await startInCluster(cluster, context));
      const { figures, series } = await measureMany(cluster, context);
      return { figures: [...figures, ...(await measureRest(serve, cluster, context))], series };
    } finally {
      await serve?.stop();
      await cluster.stop();
    }
  },
};

async function measureMany(cluster: Cluster, context: BenchContext): Promise<Measured> {
  const client = await ApiClient.open(cluster.plane.adminKubeconfig, 64);
  const points: SeriesPoint[] = [];
  let last: Many | undefined;
  try {
    for (const count of context.isQuick ? quickCounts : counts) {
      last = await createMany(count, cluster, client, context);
      const perFunction = { ours: last.ours / count, theirs: last.theirs / count };
      points.push(comparedPoint(count, [perFunction]));
    }
  } finally {
    client.close();
  }
  if (last === undefined) throw new Error('nothing was measured');
  const figure = comparedFigure(
    {
      id: 'controller/many',
      what: `${last.count} Functions created at once, until all ${last.objects} objects of their proxies exist`,
      unit: 'ms',
      ...(context.isQuick ? {} : { goal: { atMost: 1.5 } }),
    },
    `a bare client that applies the same objects, ${atATime} at a time`,
    [last],
  );
  const series: Series = {
    id: 'controller/functions',
    what: 'Controller: time per Function',
    unit: 'ms',
    x: { name: 'Functions created at once' },
    against: 'bare client',
    points,
  };
  return { figures: [figure], series: [series] };
}

/** Milliseconds until all objects were there, by the controller and by a bare client. */
interface Many {
  readonly count: number;
  readonly objects: number;
  readonly ours: number;
  readonly theirs: number;
}

async function createMany(
  count: number,
  cluster: Cluster,
  client: ApiClient,
  { say }: BenchContext,
): Promise<Many> {
  const functions = Array.from({ length: count }, (_, index) =>
    functionObject('v1beta2', {
      name: `function-${index}`,
      annotations: modeAnnotations('standalone'),
      isAsync: index % 2 === 0,
      hasOutput: true,
    }),
  );
  const bare = await cluster.namespace(`bare-${count}`);
  const wanted = await previewed(bare, functions);
  say(`${wanted.length} objects of ${count} Functions, by a bare client`);
  const theirs = await timed(() =>
    inParallel(wanted, atATime, async (object) => {
      await client.send('PATCH', applyPath(object, bare), object);
    }),
  );
  say('the same by the controller');
  const namespace = await cluster.namespace(`ours-${count}`);
  const writtenAt = Date.now();
  await inParallel(functions, 64, async (fn) => {
    const path = `/apis/core.openfunction.io/v1beta2/namespaces/${namespace}/functions`;
    await client.send('POST', path, fn);
  });
  const ours = await untilWritten(cluster, namespace, wanted.length, writtenAt);
  return { count, objects: wanted.length, ours, theirs };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** @returns milliseconds until the last object was there, by the API server's own record */
async function untilWritten(
  cluster: Cluster,
  namespace: string,
  count: number,
  sinceMs: number,
): Promise<number> {
  for (;;) {
    const writes = await cluster.audit.writes({ namespace, afterMs: sinceMs });
    const made = writes.filter(({ verb, code }) => verb === 'patch' && code === 201);
    if (made.length >= count) {
      return Math.max(...made.map(({ answeredAtMs }) => answeredAtMs)) - sinceMs;
    }
    await pause(200);
  }
}

async function measureRest(
  serve: MeasuredProcess,
  cluster: Cluster,
  context: BenchContext,
): Promise<Figure[]> {
  const seconds = context.isQuick ? 1 : restSeconds;
  // Events of what was just made may still be on their way.
  await pause(context.isQuick ? 0 : 10_000);
  context.say(`${seconds} s at rest`);
  const afterMs = Date.now();
  const before = await serve.cpuSeconds();
  await pause(seconds * 1000);
  const used = (await serve.cpuSeconds()) - before;
  const writes = await cluster.audit.writes({ afterMs });
  // The Lease is renewed as long as anybody leads; that is no write of what is kept.
  const own = writes.filter(({ resource, userAgent }) => {
    return resource !== 'leases' && userAgent.startsWith('openfunction-dapr-webhook');
  });
  return [
    {
      id: 'controller/rest-writes',
      what: `at rest with all of them, ${seconds} s: writes`,
      unit: 'writes',
      ours: spreadOf([own.length]),
      goal: { atMost: 0 },
    },
    {
      id: 'controller/rest-cpu',
      what: `at rest with all of them, ${seconds} s: share of a core`,
      unit: '%',
      ours: spreadOf([(used / seconds) * 100]),
      ...(context.isQuick ? {} : { goal: { atMost: 1 } }),
    },
  ];
}

/** Where server-side apply of an object goes. */
function applyPath(object: JsonObject, namespace: string): string {
  const apiVersion = String(object['apiVersion']);
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const resource = `${String(object['kind']).toLowerCase()}s`.replace(/ys$/, 'ies');
  const name = at(object, 'metadata', 'name');
  return `${group}/namespaces/${namespace}/${resource}/${name}?fieldManager=bench`;
}

import { asObject, type JsonObject } from '../../../src/api/json.ts';
import {
  type AdmissionServer,
  type AdmissionServers,
  startAdmissionServers,
} from '../admission-servers.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { httpLoad } from '../load/http-load.ts';
import { measureSeries, type PointSides } from '../measure-series.ts';
import { benchFunction, podReviewOf } from '../reviews.ts';
import type { Series } from '../series.ts';

const functionCounts = [1, 10, 100, 1_000, 10_000] as const;
const connectionCounts = [1, 3, 10, 32, 100, 320] as const;
/** 2.9 to 290 kB. */
const containerCounts = [1, 4, 10, 19, 60, 189] as const;

const usual = { connections: 32, body: JSON.stringify(podReviewOf(1)) };

/** How admission of pods grows with what there is, beside the bare server under the same load. */
export const admissionGrowthBench: Bench = {
  name: 'admission-growth',
  description: 'curves: admission with more Functions, more connections, larger pods',
  needs: ['taskset', 'wrk'],
  async run(context) {
    const functions = await measureSeries(
      context,
      about('functions', { name: 'Functions known' }),
      functionCounts,
      (count) => count,
      async (count, of) => {
        const known = Array.from({ length: count }, (_, index) => functionOf(index));
        const servers = await startAdmissionServers(of, known);
        return { ...sidesOf(servers, usual, of), stop: () => stopBoth(servers) };
      },
    );
    const servers = await startAdmissionServers(context, [benchFunction]);
    try {
      const connections = await measureSeries(
        context,
        about('connections', { name: 'connections' }),
        connectionCounts,
        (count) => count,
        async (count, of) => sidesOf(servers, { ...usual, connections: count }, of),
      );
      const size = await measureSeries(
        context,
        about('size', { name: 'size of a review', unit: 'kB' }),
        containerCounts.map((count) => JSON.stringify(podReviewOf(count))),
        (body) => Number((body.length / 1000).toPrecision(3)),
        async (body, of) => sidesOf(servers, { ...usual, body }, of),
      );
      return { figures: [], series: [functions, connections, size] };
    } finally {
      await stopBoth(servers);
    }
  },
};

function about(of: string, x: Series['x']): Omit<Series, 'points'> {
  return {
    id: `admission/${of}`,
    what: 'Admission: processor time per pod',
    unit: 'us',
    x,
    against: 'bare server',
  };
}

function sidesOf(
  { ours, bare }: AdmissionServers,
  { connections, body }: typeof usual,
  { tools, folder, seconds }: BenchContext,
): PointSides {
  const side =
    ({ process, port }: AdmissionServer) =>
    async () => {
      const before = await process.cpuSeconds();
      const { requests } = await httpLoad(tools, {
        url: `https://127.0.0.1:${port}/mutate/pods`,
        headers: { 'Content-Type': 'application/json' },
        ...{ body, connections, seconds, core: 1, folder },
      });
      return (((await process.cpuSeconds()) - before) / requests) * 1e6;
    };
  return { ours: side(ours), theirs: side(bare) };
}

async function stopBoth({ ours, bare }: AdmissionServers): Promise<void> {
  await Promise.all([ours.process.stop(), bare.process.stop()]);
}

/** The first is the one whose pods come. */
function functionOf(index: number): JsonObject {
  if (index === 0) return benchFunction;
  const metadata = asObject(benchFunction['metadata']);
  return { ...benchFunction, metadata: { ...metadata, name: `other-${index}` } };
}

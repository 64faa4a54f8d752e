import { asObject, type JsonObject } from '../../../src/api/json.ts';
import { type AdmissionServer, startAdmissionServers } from '../admission-servers.ts';
import { alternate } from '../alternate.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { comparedFigure, type Figure } from '../figure.ts';
import { httpLoad } from '../load/http-load.ts';
import { benchFunction, podReviewOf } from '../reviews.ts';

const bare = 'bare server, the same load';

const usual = { functions: 1, connections: 32, containers: 1 };

/** One thing at a time grows tenfold, and tenfold again where that can be. */
const cases: readonly (typeof usual & { readonly id: string; readonly what: string })[] = [
  { ...usual, id: 'usual', what: '1 Function, 32 connections, 1 container' },
  ...[10, 100, 1_000].map((functions) => ({
    ...{ ...usual, functions, id: `functions-${functions}` },
    what: `${functions.toLocaleString('en-US')} Functions known`,
  })),
  ...[3, 320].map((connections) => ({
    ...{ ...usual, connections, id: `connections-${connections}` },
    what: `${connections} connections`,
  })),
  ...[10, 100].map((containers) => ({
    ...{ ...usual, containers, id: `containers-${containers}` },
    what: `pods with ${containers} containers`,
  })),
];

/** How admission of pods grows with what there is, beside the bare server under the same load. */
export const growthBench: Bench = {
  name: 'growth',
  description: 'admission with ten times the Functions, the connections, the containers',
  needs: ['taskset', 'wrk'],
  async run(context) {
    const figures: Figure[] = [];
    for (const one of cases) figures.push(await measure(one, context));
    return figures;
  },
};

async function measure(
  { id, what, functions, connections, containers }: (typeof cases)[number],
  context: BenchContext,
): Promise<Figure> {
  context.say(what);
  const known = Array.from({ length: functions }, (_, index) => functionOf(index));
  const servers = await startAdmissionServers(context, known);
  const body = JSON.stringify(podReviewOf(containers));
  const side =
    ({ process, port }: AdmissionServer) =>
    async () => {
      const before = await process.cpuSeconds();
      const { requests } = await httpLoad(context.tools, {
        url: `https://127.0.0.1:${port}/mutate/pods`,
        body,
        headers: { 'Content-Type': 'application/json' },
        ...{ connections, seconds: context.seconds, core: 1, folder: context.folder },
      });
      return (((await process.cpuSeconds()) - before) / requests) * 1e6;
    };
  try {
    const rounds = await alternate(context, {
      ours: side(servers.ours),
      theirs: side(servers.bare),
    });
    const size = `${(body.length / 1000).toFixed(1)} kB`;
    return comparedFigure(
      { id: `growth/${id}`, what: `${what}: processor time per pod of ${size}`, unit: 'us' },
      bare,
      rounds,
    );
  } finally {
    await Promise.all([servers.ours.process.stop(), servers.bare.process.stop()]);
  }
}

/** The first is the one whose pods come. */
function functionOf(index: number): JsonObject {
  if (index === 0) return benchFunction;
  const metadata = asObject(benchFunction['metadata']);
  return { ...benchFunction, metadata: { ...metadata, name: `other-${index}` } };
}

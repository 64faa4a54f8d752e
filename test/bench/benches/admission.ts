import type { JsonObject } from '../../../src/api/json.ts';
import {
  type AdmissionServer,
  type AdmissionServers,
  startAdmissionServers,
} from '../admission-servers.ts';
import { alternate } from '../alternate.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { comparedFigure, type Figure } from '../figure.ts';
import { type HttpLoadResult, httpLoad } from '../load/http-load.ts';
import { benchFunction, largeFunctionReview, largePodReview, podReview } from '../reviews.ts';

const bare = 'bare node:https server that parses the same review and answers `allowed`';
const connections = 32;

interface Case {
  readonly id: string;
  readonly what: string;
  readonly path: string;
  readonly review: JsonObject;
  readonly atLeast: number;
  readonly p99AtMost?: number;
}

const cases: readonly Case[] = [
  {
    id: 'pod',
    what: 'a function pod, standalone',
    path: '/mutate/pods',
    review: podReview(),
    atLeast: 0.8,
    p99AtMost: 1.5,
  },
  {
    id: 'large-pod',
    what: 'a pod with 40 containers',
    path: '/mutate/pods',
    review: largePodReview(),
    atLeast: 0.7,
  },
  {
    id: 'large-function',
    what: 'a Function with 60 outputs, defaulted',
    path: '/mutate/functions',
    review: largeFunctionReview(),
    atLeast: 0.7,
  },
  {
    id: 'large-function-validation',
    what: 'the same Function, validated',
    path: '/validate/functions',
    review: largeFunctionReview(),
    atLeast: 0.7,
  },
];

/** Admissions that one core answers, beside what Node by itself can do. */
export const admissionBench: Bench = {
  name: 'admission',
  description: 'admissions a second on one core, 32 TLS connections',
  needs: ['taskset', 'wrk'],
  async run(context) {
    const servers = await startAdmissionServers(context, [benchFunction]);
    try {
      const figures: Figure[] = [];
      for (const one of cases) figures.push(...(await measure(one, servers, context)));
      return figures;
    } finally {
      await Promise.all([servers.ours.process.stop(), servers.bare.process.stop()]);
    }
  },
};

async function measure(
  { id, what, path, review, atLeast, p99AtMost }: Case,
  servers: AdmissionServers,
  context: BenchContext,
): Promise<Figure[]> {
  const body = JSON.stringify(review);
  const size = `${(body.length / 1000).toFixed(1)} kB`;
  context.say(`${what}, ${size}`);
  const side =
    ({ process, port }: AdmissionServer) =>
    async () => {
      const before = await process.cpuSeconds();
      const result = await httpLoad(context.tools, {
        url: `https://127.0.0.1:${port}${path}`,
        body,
        headers: { 'Content-Type': 'application/json' },
        connections,
        seconds: context.seconds,
        core: 1,
        folder: context.folder,
      });
      return { ...result, perCpuSecond: result.requests / ((await process.cpuSeconds()) - before) };
    };
  const rounds = await alternate(context, {
    ours: side(servers.ours),
    theirs: side(servers.bare),
  });
  const compare = (value: (result: HttpLoadResult & { perCpuSecond: number }) => number) =>
    rounds.map(({ ours, theirs }) => ({ ours: value(ours), theirs: value(theirs) }));
  return [
    comparedFigure(
      {
        id: `admission/${id}/rate`,
        what: `admission of ${what}, ${size}`,
        unit: 'requests/s',
        goal: { atLeast },
      },
      bare,
      compare(({ perSecond }) => perSecond),
    ),
    comparedFigure(
      {
        id: `admission/${id}/per-cpu-second`,
        what: 'the same, for each second of processor time',
        unit: 'requests/CPU s',
        note: 'what other programs on the machine do counts less here',
      },
      bare,
      compare(({ perCpuSecond }) => perCpuSecond),
    ),
    comparedFigure(
      {
        id: `admission/${id}/p99`,
        what: 'the same, p99',
        unit: 'ms',
        ...(p99AtMost === undefined ? {} : { goal: { atMost: p99AtMost } }),
      },
      bare,
      compare(({ p99 }) => p99),
    ),
  ];
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureLocalCertificates } from '../../../src/adapters/tls/local-certificates.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { alternate } from '../alternate.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { comparedFigure, type Figure } from '../figure.ts';
import { type HttpLoadResult, httpLoad } from '../load/http-load.ts';
import { MeasuredProcess } from '../measured-process.ts';
import { accepts, freePorts, isReady, node, product, program } from '../processes.ts';
import { productEnvironment } from '../product-environment.ts';
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
    what: 'function pod, standalone',
    path: '/mutate/pods',
    review: podReview(),
    atLeast: 0.8,
    p99AtMost: 1.5,
  },
  {
    id: 'large-pod',
    what: 'pod with 40 containers',
    path: '/mutate/pods',
    review: largePodReview(),
    atLeast: 0.7,
  },
  {
    id: 'large-function',
    what: 'Function with 60 outputs, defaulted',
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
    const servers = await startServers(context.folder, context);
    try {
      const figures: Figure[] = [];
      for (const one of cases) figures.push(...(await measure(one, servers, context)));
      return figures;
    } finally {
      await Promise.all([servers.ours.process.stop(), servers.bare.process.stop()]);
    }
  },
};

interface Side {
  readonly process: MeasuredProcess;
  readonly port: number;
}

interface Servers {
  readonly ours: Side;
  readonly bare: Side;
}

/** Both servers on core 0, with one certificate; whatever makes load is on core 1. */
async function startServers(folder: string, { tools }: BenchContext): Promise<Servers> {
  const certificates = join(folder, 'certs');
  const functions = join(folder, 'functions');
  await mkdir(functions, { recursive: true });
  await ensureLocalCertificates(certificates, new Date());
  await writeFile(join(functions, 'function.json'), JSON.stringify(benchFunction));
  const [port = 0, healthPort = 0, barePort = 0] = await freePorts(3);
  const ours = new MeasuredProcess(
    tools,
    [
      ...[...product, 'webhook', '--offline', '-f', functions, '--cert-dir', certificates],
      ...['--listen-address', '127.0.0.1', '--port', `${port}`, '--health-port', `${healthPort}`],
    ],
    { core: 0, environment: await productEnvironment() },
  );
  const bareProcess = new MeasuredProcess(
    tools,
    [node, program('bare-webhook.ts'), certificates, `${barePort}`],
    { core: 0 },
  );
  await ours.until(() => isReady(healthPort));
  await bareProcess.until(() => accepts(barePort));
  return { ours: { process: ours, port }, bare: { process: bareProcess, port: barePort } };
}

async function measure(
  { id, what, path, review, atLeast, p99AtMost }: Case,
  servers: Servers,
  context: BenchContext,
): Promise<Figure[]> {
  const body = JSON.stringify(review);
  const size = `${(body.length / 1000).toFixed(1)} kB`;
  context.say(`${what}, ${size}`);
  const side =
    ({ process, port }: Side) =>
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
        what: `admission of a ${what}, ${size}`,
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

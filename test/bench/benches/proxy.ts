import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { topicRouteOf } from '../../../src/rules/delivery/topic-routes.ts';
import { alternate } from '../alternate.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { topicEventGrpc, topicEventHttp, topicMethod, topicOfBench } from '../events.ts';
import { comparedFigure, type Figure } from '../figure.ts';
import { grpcLoad } from '../load/grpc-load.ts';
import { httpLoad } from '../load/http-load.ts';
import type { MeasuredProcess } from '../measured-process.ts';
import { grpcPod, httpPod, reverseProxy, startNginx } from '../nginx.ts';
import { freePorts } from '../processes.ts';
import { startDataPlane } from '../start-data-plane.ts';

/**
 * nginx as a gRPC proxy trips over a far end that answers before it has read all,
 * as nginx does there: some calls in ten thousand. None of ours may fail.
 */
const toleratedOfNginx = 0.005;

/** What daprd has open and under way at a time. */
const connections = 64;

type Protocol = 'http' | 'grpc';

/** Topic events that one core passes on, beside nginx in the same place. */
export const proxyBench: Bench = {
  name: 'proxy',
  description: 'topic events of 1 kB a second on one core, over HTTP and gRPC',
  needs: ['taskset', 'wrk', 'h2load', 'nginx'],
  async run(context) {
    return [...(await measure('http', context)), ...(await measure('grpc', context))];
  },
};

interface Side {
  readonly process: MeasuredProcess;
  readonly port: number;
}

async function measure(protocol: Protocol, context: BenchContext): Promise<Figure[]> {
  const { tools, folder, say } = context;
  say(`events over ${protocol}`);
  const [podPort = 0, nginxPort = 0] = await freePorts(2);
  const root = join(folder, 'root');
  await mkdir(root, { recursive: true });
  await writeFile(join(root, 'answer'), Buffer.alloc(5));
  const pod = await startNginx(tools, {
    ...{ folder, core: 1, port: podPort },
    http: protocol === 'http' ? httpPod(podPort, topicOfBench) : grpcPod(podPort, root),
  });
  const nginx = await startNginx(tools, {
    ...{ folder, core: 0, port: nginxPort },
    http: reverseProxy(nginxPort, podPort, protocol),
  });
  const ours = await startDataPlane(tools, { protocol, podPort, core: 0 });
  try {
    const load = loadOf(protocol, context);
    const side =
      ({ process, port }: Side) =>
      async () => {
        const before = await process.cpuSeconds();
        const { requests, perSecond } = await load(port, process === nginx ? toleratedOfNginx : 0);
        return { perSecond, perCpuSecond: requests / ((await process.cpuSeconds()) - before) };
      };
    const rounds = await alternate(context, {
      ours: side(ours),
      theirs: side({ process: nginx, port: nginxPort }),
    });
    const pass = protocol === 'http' ? 'proxy_pass' : 'grpc_pass';
    return [
      comparedFigure(
        {
          id: `proxy/${protocol}/rate`,
          what: `topic events of 1 kB over ${protocol}`,
          unit: 'events/s',
          goal: { atLeast: protocol === 'http' ? 0.5 : 0.3 },
        },
        `nginx ${pass} to the same upstream`,
        rounds.map((round) => ({ ours: round.ours.perSecond, theirs: round.theirs.perSecond })),
      ),
      comparedFigure(
        {
          id: `proxy/${protocol}/per-cpu-second`,
          what: 'the same, for each second of processor time',
          unit: 'events/CPU s',
          note: 'the core of the load does not limit this one',
        },
        `nginx ${pass} to the same upstream`,
        rounds.map((round) => ({
          ours: round.ours.perCpuSecond,
          theirs: round.theirs.perCpuSecond,
        })),
      ),
    ];
  } finally {
    await Promise.all([ours.process.stop(), nginx.stop(), pod.stop()]);
  }
}

function loadOf(
  protocol: Protocol,
  { tools, folder, seconds }: BenchContext,
): (port: number, tolerated: number) => Promise<{ requests: number; perSecond: number }> {
  return protocol === 'http'
    ? (port) =>
        httpLoad(tools, {
          url: `http://127.0.0.1:${port}${topicRouteOf(topicOfBench)}`,
          body: topicEventHttp,
          headers: { 'Content-Type': 'application/cloudevents+json' },
          ...{ connections, seconds, core: 1, folder },
        })
    : (port, tolerated) =>
        grpcLoad(tools, {
          tolerated,
          url: `http://127.0.0.1:${port}${topicMethod}`,
          body: topicEventGrpc,
          ...{ calls: connections, seconds, core: 1, folder },
        });
}

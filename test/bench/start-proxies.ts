import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { topicRouteOf } from '../../src/rules/delivery/topic-routes.ts';
import type { BenchContext } from './bench.ts';
import { grpcEventOf, httpEventOf, topicMethod, topicOfBench } from './events.ts';
import { grpcLoad } from './load/grpc-load.ts';
import { httpLoad } from './load/http-load.ts';
import { MeasuredProcess } from './measured-process.ts';
import { grpcPod, httpPod, reverseProxy, startNginx } from './nginx.ts';
import { accepts, freePorts, node, program } from './processes.ts';
import { startDataPlane } from './start-data-plane.ts';
import type { Tools } from './tools.ts';

/**
 * nginx as a gRPC proxy trips over a far end that answers before it has read all,
 * as nginx does there: some calls in ten thousand. None of ours may fail.
 */
const toleratedOfNginx = 0.005;

export type Protocol = 'http' | 'grpc';

/** Something in front of the pods, under load. */
export interface ProxySide {
  readonly process: MeasuredProcess;
  readonly port: number;
  /** Share of events that may fail, 0 to 1. */
  readonly tolerated: number;
}

export interface Proxies {
  readonly ours: ProxySide;
  readonly nginx: ProxySide;
  stop(): Promise<void>;
}

/** How much comes in at once, and how large it is. */
export interface EventLoad {
  /** Connections over HTTP; calls at a time on one connection over gRPC, as daprd does it. */
  readonly atATime: number;
  readonly bytes: number;
}

/** What daprd has open and under way at a time, and an event of 1 kB. */
export const usualLoad: EventLoad = { atATime: 64, bytes: 1_000 };

/** One nginx as so many pods, on core 1. */
export async function startPods(
  tools: Tools,
  folder: string,
  protocol: Protocol,
  ports: readonly number[],
): Promise<MeasuredProcess> {
  const root = join(folder, 'root');
  await mkdir(root, { recursive: true });
  await writeFile(join(root, 'answer'), Buffer.alloc(5));
  return startNginx(tools, {
    ...{ folder, core: 1, port: ports[0] ?? 0 },
    http: protocol === 'http' ? httpPod(ports, topicOfBench) : grpcPod(ports, root),
  });
}

/**
 * The same, but calls over gRPC are read whole before they are answered. nginx as a proxy
 * does not get through with calls of some kB, or few at a time, otherwise.
 */
export async function startReadingPods(
  tools: Tools,
  folder: string,
  protocol: Protocol,
  ports: readonly number[],
): Promise<MeasuredProcess> {
  if (protocol === 'http') return startPods(tools, folder, protocol, ports);
  const pods = new MeasuredProcess(tools, [node, program('grpc-pod.ts'), ...ports.map(String)], {
    core: 1,
  });
  for (const port of ports) await pods.until(() => accepts(port));
  return pods;
}

/** Our proxy and nginx on core 0, in front of the same pods on core 1. */
export async function startProxies(
  protocol: Protocol,
  { tools, folder }: Pick<BenchContext, 'tools' | 'folder'>,
  { podCount = 1, start = startPods } = {},
): Promise<Proxies> {
  const [nginxPort = 0, ...podPorts] = await freePorts(1 + podCount);
  const pods = await start(tools, folder, protocol, podPorts);
  const nginx = await startNginx(tools, {
    ...{ folder, core: 0, port: nginxPort },
    http: reverseProxy(nginxPort, podPorts, protocol),
  });
  const ours = await startDataPlane(tools, { protocol, podPorts, core: 0 });
  return {
    ours: { ...ours, tolerated: 0 },
    nginx: { process: nginx, port: nginxPort, tolerated: toleratedOfNginx },
    async stop() {
      await Promise.all([ours.process.stop(), nginx.stop(), pods.stop()]);
    },
  };
}

/** As many events as one side passes on, from core 1. */
export async function loadProxy(
  protocol: Protocol,
  { process, port, tolerated }: ProxySide,
  { atATime, bytes }: EventLoad,
  { tools, folder, seconds }: Pick<BenchContext, 'tools' | 'folder' | 'seconds'>,
): Promise<{ readonly perSecond: number; readonly cpuSecondsPerEvent: number }> {
  const common = { seconds, core: 1, folder };
  const before = await process.cpuSeconds();
  const { requests, perSecond } =
    protocol === 'http'
      ? await httpLoad(tools, {
          ...common,
          url: `http://127.0.0.1:${port}${topicRouteOf(topicOfBench)}`,
          body: httpEventOf(bytes),
          headers: { 'Content-Type': 'application/cloudevents+json' },
          connections: atATime,
        })
      : await grpcLoad(tools, {
          ...common,
          url: `http://127.0.0.1:${port}${topicMethod}`,
          body: grpcEventOf(bytes),
          ...{ calls: atATime, tolerated },
        });
  return { perSecond, cpuSecondsPerEvent: ((await process.cpuSeconds()) - before) / requests };
}

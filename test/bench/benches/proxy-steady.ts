import { topicRouteOf } from '../../../src/rules/delivery/topic-routes.ts';
import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { topicOfBench } from '../events.ts';
import type { Figure } from '../figure.ts';
import { steadyLoad } from '../load/steady-load.ts';
import { httpPod, startNginx } from '../nginx.ts';
import { freePorts } from '../processes.ts';
import { startDataPlane } from '../start-data-plane.ts';
import { spreadOf } from '../statistics.ts';

const perSecond = 1000;

/** What the proxy adds to an event at a rate that is nothing to it, and the memory it takes. */
export const proxySteadyBench: Bench = {
  name: 'proxy-steady',
  description: 'time that the proxy adds at 1,000 events a second, and its memory',
  needs: ['taskset', 'nginx'],
  async run(context) {
    const { tools, folder, seconds, say } = context;
    const [podPort = 0] = await freePorts(1);
    const pod = await startNginx(tools, {
      ...{ folder, core: 1, port: podPort },
      http: httpPod(podPort, topicOfBench),
    });
    const { process, port } = await startDataPlane(tools, { protocol: 'http', podPort, core: 0 });
    const grpc = await startDataPlane(tools, { protocol: 'grpc', podPort, core: 0 });
    try {
      const idle = await process.residentMiB();
      const idleGrpc = await grpc.process.residentMiB();
      say('1,000 events a second');
      const path = topicRouteOf(topicOfBench);
      const side = (to: number) => () =>
        steadyLoad(tools, { url: `http://127.0.0.1:${to}${path}`, perSecond, seconds, core: 1 });
      const loaded: number[] = [];
      const rounds = await alternate(context, {
        ours: async () => {
          const result = await side(port)();
          loaded.push(await process.residentMiB());
          return result;
        },
        theirs: side(podPort),
      });
      return [
        added('p50', (result) => result.p50, rounds),
        { ...added('p99', (result) => result.p99, rounds), goal: { atMost: 2 } },
        memory('idle', 'proxy over HTTP, resident memory, idle', [idle], 60),
        memory('idle-grpc', 'proxy over gRPC, resident memory, idle', [idleGrpc], 60),
        memory('loaded', 'proxy over HTTP, resident memory at 1,000 events/s', loaded, 90),
      ];
    } finally {
      await Promise.all([process.stop(), grpc.process.stop(), pod.stop()]);
    }
  },
};

/** What is added is a difference, so that no ratio says anything of it. */
function added<Result>(
  name: string,
  of: (result: Result) => number,
  rounds: readonly { readonly ours: Result; readonly theirs: Result }[],
): Figure {
  return {
    id: `proxy-steady/added-${name}`,
    what: `proxy, ${name} that it adds at 1,000 events/s, to what it takes straight to the function`,
    unit: 'ms',
    ours: spreadOf(rounds.map(({ ours, theirs }) => of(ours) - of(theirs))),
  };
}

function memory(id: string, what: string, values: readonly number[], atMost: number): Figure {
  return { id: `proxy-steady/${id}`, what, unit: 'MiB', ours: spreadOf(values), goal: { atMost } };
}

import { topicRouteOf } from '../../../src/rules/delivery/topic-routes.ts';
import { alternate } from '../alternate.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { topicOfBench } from '../events.ts';
import type { Figure } from '../figure.ts';
import { steadyLoad } from '../load/steady-load.ts';
import { freePorts } from '../processes.ts';
import { startDataPlane } from '../start-data-plane.ts';
import { type Protocol, startPods } from '../start-proxies.ts';
import { spreadOf } from '../statistics.ts';

const perSecond = 1000;

/** What the proxy adds to an event at a rate that is nothing to it, and the memory it takes. */
export const proxySteadyBench: Bench = {
  name: 'proxy-steady',
  description: 'time that the proxy adds at 1,000 events a second, and its memory',
  needs: ['taskset', 'nginx'],
  async run(context) {
    return [...(await measure('http', context)), ...(await measure('grpc', context))];
  },
};

async function measure(protocol: Protocol, context: BenchContext): Promise<Figure[]> {
  const { tools, folder, seconds, say } = context;
  const [podPort = 0] = await freePorts(1);
  const pods = await startPods(tools, folder, protocol, [podPort]);
  const { process, port } = await startDataPlane(tools, { protocol, podPorts: [podPort], core: 0 });
  try {
    const idle = await process.residentMiB();
    say(`1,000 events a second over ${protocol}`);
    const path = protocol === 'http' ? topicRouteOf(topicOfBench) : '';
    const load = (to: number) =>
      steadyLoad(tools, {
        ...{ protocol, url: `http://127.0.0.1:${to}${path}` },
        ...{ perSecond, seconds, core: 1 },
      });
    const loaded: number[] = [];
    const rounds = await alternate(context, {
      ours: async () => {
        const result = await load(port);
        loaded.push(await process.residentMiB());
        return result;
      },
      theirs: () => load(podPort),
    });
    const of = nameOf(protocol);
    return [
      added(protocol, 'p50', (result) => result.p50, rounds),
      { ...added(protocol, 'p99', (result) => result.p99, rounds), goal: { atMost: 2 } },
      memory(`idle-${protocol}`, `${of}, resident memory, idle`, [idle], 60),
      memory(`loaded-${protocol}`, `${of}, resident memory at 1,000 events/s`, loaded, 90),
    ];
  } finally {
    await Promise.all([process.stop(), pods.stop()]);
  }
}

function nameOf(protocol: Protocol): string {
  return `proxy over ${protocol === 'http' ? 'HTTP' : 'gRPC'}`;
}

/** What is added is a difference, so that no ratio says anything of it. */
function added<Result>(
  protocol: Protocol,
  name: string,
  of: (result: Result) => number,
  rounds: readonly { readonly ours: Result; readonly theirs: Result }[],
): Figure {
  return {
    id: `proxy-steady/added-${name}-${protocol}`,
    what: `${nameOf(protocol)}, ${name} that it adds at 1,000 events/s, to what it takes straight to the function`,
    unit: 'ms',
    ours: spreadOf(rounds.map(({ ours, theirs }) => of(ours) - of(theirs))),
  };
}

function memory(id: string, what: string, values: readonly number[], atMost: number): Figure {
  return { id: `proxy-steady/${id}`, what, unit: 'MiB', ours: spreadOf(values), goal: { atMost } };
}

import { alternate } from '../alternate.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { comparedFigure, type Figure } from '../figure.ts';
import {
  loadProxy,
  type Protocol,
  type ProxySide,
  startProxies,
  usualLoad,
} from '../start-proxies.ts';

/** Topic events that one core passes on, beside nginx in the same place. */
export const proxyBench: Bench = {
  name: 'proxy',
  description: 'topic events of 1 kB a second on one core, over HTTP and gRPC',
  needs: ['taskset', 'wrk', 'h2load', 'nginx'],
  async run(context) {
    return [...(await measure('http', context)), ...(await measure('grpc', context))];
  },
};

async function measure(protocol: Protocol, context: BenchContext): Promise<Figure[]> {
  context.say(`events over ${protocol}`);
  const proxies = await startProxies(protocol, context);
  try {
    const side = (one: ProxySide) => () => loadProxy(protocol, one, usualLoad, context);
    const rounds = await alternate(context, {
      ours: side(proxies.ours),
      theirs: side(proxies.nginx),
    });
    const against = `nginx ${protocol === 'http' ? 'proxy_pass' : 'grpc_pass'} to the same upstream`;
    return [
      comparedFigure(
        {
          id: `proxy/${protocol}/rate`,
          what: `topic events of 1 kB over ${protocol}`,
          unit: 'events/s',
          goal: { atLeast: protocol === 'http' ? 0.5 : 0.3 },
        },
        against,
        rounds.map((round) => ({ ours: round.ours.perSecond, theirs: round.theirs.perSecond })),
      ),
      comparedFigure(
        {
          id: `proxy/${protocol}/per-cpu-second`,
          what: 'the same, for each second of processor time',
          unit: 'events/CPU s',
          note: 'the core of the load does not limit this one',
        },
        against,
        rounds.map((round) => ({
          ours: 1 / round.ours.cpuSecondsPerEvent,
          theirs: 1 / round.theirs.cpuSecondsPerEvent,
        })),
      ),
    ];
  } finally {
    await proxies.stop();
  }
}

import type { Bench, BenchContext, Measured } from '../bench.ts';
import { measureSeries, type PointSides } from '../measure-series.ts';
import type { Series } from '../series.ts';
import {
  type EventLoad,
  loadProxy,
  type Protocol,
  type Proxies,
  type ProxySide,
  startProxies,
  startReadingPods,
  usualLoad,
} from '../start-proxies.ts';

const atATime = [1, 3, 10, 32, 100, 320] as const;
const sizes = [1_000, 3_000, 10_000, 30_000, 100_000] as const;
const podCounts = [1, 3, 10, 30] as const;

/** How a proxy grows with what comes at once, how large it is, and over how many pods it goes. */
export const proxyGrowthBench: Bench = {
  name: 'proxy-growth',
  description: 'curves: the proxy with more connections or calls, larger events, more pods',
  needs: ['taskset', 'wrk', 'h2load', 'nginx'],
  async run(context) {
    const http = await measure('http', context);
    return { figures: [], series: [...http, ...(await measure('grpc', context))] };
  },
};

async function measure(protocol: Protocol, context: BenchContext): Promise<Measured['series']> {
  const name = protocol === 'http' ? 'HTTP' : 'gRPC';
  const about = (of: string, x: Series['x']): Omit<Series, 'points'> => ({
    id: `proxy-${protocol}/${of}`,
    what: `Proxy, ${name}: processor time per event`,
    unit: 'us',
    x,
    against: 'nginx',
  });
  const proxies = await startProxies(protocol, context, { start: startReadingPods });
  const series: Series[] = [];
  try {
    series.push(
      await measureSeries(
        context,
        about('at-a-time', { name: protocol === 'http' ? 'connections' : 'calls at a time' }),
        atATime,
        (count) => count,
        async (count, of) => sidesOf(protocol, proxies, { ...usualLoad, atATime: count }, of),
      ),
      await measureSeries(
        context,
        about('size', { name: 'size of an event', unit: 'kB' }),
        sizes,
        (bytes) => bytes / 1000,
        async (bytes, of) => sidesOf(protocol, proxies, { ...usualLoad, bytes }, of),
      ),
    );
  } finally {
    await proxies.stop();
  }
  const pods = await measureSeries(
    context,
    about('pods', { name: 'pods' }),
    podCounts,
    (count) => count,
    async (count, of) => {
      const inFront = await startProxies(protocol, context, {
        podCount: count,
        start: startReadingPods,
      });
      return { ...sidesOf(protocol, inFront, usualLoad, of), stop: () => inFront.stop() };
    },
  );
  return [...series, pods];
}

function sidesOf(
  protocol: Protocol,
  { ours, nginx }: Proxies,
  load: EventLoad,
  context: BenchContext,
): PointSides {
  const side = (one: ProxySide) => async () =>
    (await loadProxy(protocol, one, load, context)).cpuSecondsPerEvent * 1e6;
  return { ours: side(ours), theirs: side(nginx) };
}

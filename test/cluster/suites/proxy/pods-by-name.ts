import { afterEach, beforeEach, expect, it } from 'vitest';
import { createStandIn } from '../../../support/dapr/create-stand-in.ts';
import type { DaprdStandIn } from '../../../support/dapr/daprd-stand-in.ts';
import { FunctionPod } from '../../../support/dapr/function-pod.ts';
import { ProxyProcess } from '../../../support/dapr/proxy-process.ts';
import { NameServer } from '../../../support/name-server.ts';
import { EventFlow } from '../../harness/event-flow.ts';
import { freePort } from '../../harness/free-port.ts';
import { until } from '../../harness/until.ts';

const topic = ['bus', 'orders'] as const;

const perSecond = 500;

/** Long enough for events to be on their way at any moment. */
const steadyFlow = 500;

/** Pods as a headless Service has them: all at one port, each at an address of its own. */
export function podsByNameSuite(protocol: 'grpc' | 'http'): void {
  let names: NameServer;
  let pods: FunctionPod[] = [];
  let proxy: ProxyProcess;
  let daprd: DaprdStandIn;
  let flow: EventFlow;

  beforeEach(async () => {
    names = await NameServer.start();
    const port = await freePort();
    pods = await Promise.all(
      ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'].map((host) =>
        FunctionPod.create({ protocol, host, port, topics: [topic] }),
      ),
    );
    proxy = await ProxyProcess.start({
      protocol,
      inputs: { topics: [topic] },
      environment: {
        FUNCTION_HOST: 'orders.shop.svc.cluster.test',
        FUNCTION_PORT: String(port),
        DNS_SERVERS: names.address,
      },
    });
    daprd = createStandIn(protocol, proxy.port);
    await daprd.ask([]);
    flow = new EventFlow(daprd, topic);
  });

  afterEach(async () => {
    flow?.giveUp();
    daprd?.close();
    await proxy?.kill();
    await Promise.all(pods.map((pod) => pod.kill()));
    names?.stop();
  });

  const start = (some: readonly FunctionPod[]) => Promise.all(some.map((pod) => pod.start()));

  const publish = (some: readonly FunctionPod[]) => {
    names.answer = some.map(({ host }) => host);
  };

  const untilEachGets = async (some: readonly FunctionPod[]) => {
    const before = some.map(({ records }) => records.length);
    const got = (pod: FunctionPod, index: number) => pod.records.length > (before[index] ?? 0);
    await until('each of these pods to get events', async () => some.every(got));
  };

  const untilAsked = async (times: number) => {
    const goal = names.questions + times;
    await until('the name server to be asked', async () => names.questions >= goal);
  };

  async function untilFlowing(): Promise<void> {
    const goal = flow.acknowledged + steadyFlow;
    await until('events to flow', async () => flow.acknowledged >= goal);
  }

  it('moves to pods at other addresses without losing an event', async () => {
    const [old, young] = [pods.slice(0, 2), pods.slice(2)];
    await start(old);
    publish(old);
    const running = flow.run(perSecond);
    await untilEachGets(old);
    await start(young);
    publish(young);
    // As a kubelet does, which does not wait until everybody knows.
    await Promise.all(old.map((pod) => pod.stop()));
    await untilEachGets(young);
    await untilFlowing();
    flow.stop();
    await running;
    await flow.expectAccountedFor(pods);
  });

  it('leaves alone a pod that has no address any more', async () => {
    const [gone, kept] = [pods.slice(0, 1), pods.slice(1, 2)];
    await start([...gone, ...kept]);
    publish([...gone, ...kept]);
    const running = flow.run(perSecond);
    await untilEachGets([...gone, ...kept]);
    publish(kept);
    // Both families twice over: the first may have been answered before.
    await untilAsked(4);
    await untilFlowing();
    const before = gone[0]?.records.length;
    await untilFlowing();
    expect(gone[0]?.records.length).toBe(before);
    flow.stop();
    await running;
    await flow.expectNoneAgain(pods);
  });

  it.each([
    ['is not there', 'NXDOMAIN'],
    ['has no addresses', []],
  ] as const)('keeps events while the name %s', async (_what, answer) => {
    names.answer = answer;
    const brought = flow.burst(1000);
    await until('all to wait', async () => (await proxy.pending()).waiting === 1000);
    await untilAsked(4);
    await start(pods.slice(0, 1));
    publish(pods.slice(0, 1));
    await brought;
    await flow.expectNoneAgain(pods);
  });

  it.each(['SERVFAIL', 'silence'] as const)(
    'stays with the pods it knows when the name server answers with %s',
    async (answer) => {
      const known = pods.slice(0, 2);
      await start(known);
      publish(known);
      const running = flow.run(perSecond);
      await untilEachGets(known);
      names.answer = answer;
      await untilAsked(4);
      await untilEachGets(known);
      publish(known);
      await untilFlowing();
      flow.stop();
      await running;
      await flow.expectNoneAgain(pods);
    },
  );
}

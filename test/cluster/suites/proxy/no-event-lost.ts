import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createStandIn } from '../../../support/dapr/create-stand-in.ts';
import type { DaprdStandIn } from '../../../support/dapr/daprd-stand-in.ts';
import { FunctionPod } from '../../../support/dapr/function-pod.ts';
import { ProxyProcess } from '../../../support/dapr/proxy-process.ts';
import { EventFlow } from '../../harness/event-flow.ts';
import { until } from '../../harness/until.ts';

const topic = ['bus', 'orders'] as const;

/** How long the function is scaled to zero. */
const zeroMs = 10_000;

const perSecond = 1000;

/** Setting of the proxy: how many events may wait. */
const maxWaiting = 1000;

/** Setting of the proxy: how long it has to end. */
const graceSeconds = 5;

/** Long enough for events to be on their way at any moment. */
const steadyFlow = 1000;

/**
 * What befalls pods and proxies, with events on their way. A stand-in for daprd
 * counts every event by its id: daprd would not tell what became of each.
 */
export function noEventLostSuite(protocol: 'grpc' | 'http'): void {
  let pods: FunctionPod[] = [];
  let proxy: ProxyProcess;
  let daprd: DaprdStandIn;
  let flow: EventFlow;

  beforeEach(async () => {
    pods = await Promise.all(
      [1, 2, 3].map(() => FunctionPod.create({ protocol, topics: [topic] })),
    );
    proxy = await ProxyProcess.start({
      protocol,
      inputs: { topics: [topic] },
      endpoints: pods.map(({ endpoint }) => endpoint),
      environment: { MAX_WAITING_EVENTS: String(maxWaiting), GRACE_PERIOD: String(graceSeconds) },
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
  });

  const startAll = () => Promise.all(pods.map((pod) => pod.start()));

  /** Lets events flow while something happens, and for a while after it. */
  async function during(happening: () => Promise<void>): Promise<void> {
    const running = flow.run(perSecond);
    await moreAcknowledged();
    await happening();
    await moreAcknowledged();
    flow.stop();
    await running;
  }

  const untilFull = () =>
    until('as many to wait as may', async () => (await proxy.pending()).waiting === maxWaiting);

  /** Nothing is left behind in the proxy when everything has been answered. */
  const untilIdle = () =>
    until('the proxy to have nothing', async () => {
      const { waiting, inFlight } = await proxy.pending();
      return waiting === 0 && inFlight === 0;
    });

  function moreAcknowledged(): Promise<void> {
    const goal = flow.acknowledged + steadyFlow;
    return until('events to flow', async () => flow.acknowledged >= goal);
  }

  it('keeps 1,000 events for a function that is scaled to zero and back after 10 s', async () => {
    const brought = flow.burst(maxWaiting);
    await untilFull();
    await sleep(zeroMs);
    expect(flow.acknowledged).toBe(0);
    await pods[0]?.start();
    await brought;
    await flow.expectNoneAgain(pods);
  });

  it('has what finds no room come again', async () => {
    const brought = flow.burst(maxWaiting + 20);
    await until('some to come again', async () => flow.attempts > maxWaiting + 100);
    await untilFull();
    await startAll();
    await brought;
    await flow.expectEachOnce(pods);
    await untilIdle();
  });

  it('loses none when a pod is killed at 1,000 events a second', async () => {
    await startAll();
    await during(async () => {
      await pods[0]?.kill();
      await moreAcknowledged();
      await pods[0]?.start();
    });
    await flow.expectAccountedFor(pods);
    await untilIdle();
  });

  it('goes around a pod that stands still, and takes its answers when it moves on', async () => {
    await startAll();
    await during(async () => {
      pods[0]?.freeze();
      await moreAcknowledged();
      pods[0]?.thaw();
    });
    await flow.expectNoneAgain(pods);
    await untilIdle();
  });

  it('forgets what waits for a pod when daprd is gone', async () => {
    const brought = flow.burst(500);
    await until('all to wait', async () => (await proxy.pending()).waiting === 500);
    flow.giveUp();
    daprd.close();
    await brought;
    await untilIdle();
    await startAll();
    daprd = createStandIn(protocol, proxy.port);
    await daprd.ask([]);
    flow = new EventFlow(daprd, topic);
    await flow.burst(500);
    await flow.expectNoneAgain(pods);
  });

  it('loses none when every pod is replaced, one after the other', async () => {
    await startAll();
    await during(async () => {
      for (const pod of pods) {
        await pod.stop();
        await pod.start();
        const before = pod.records.length;
        await until('the new pod to get events', async () => pod.records.length > before);
      }
    });
    await flow.expectAccountedFor(pods);
  });

  it('loses none when every pod is killed, and comes back', async () => {
    await startAll();
    await during(async () => {
      await Promise.all(pods.map((pod) => pod.kill()));
      await startAll();
    });
    await flow.expectAccountedFor(pods);
  });

  it('refuses none while it drains, and ends when daprd has ended', async () => {
    await startAll();
    let ended: Promise<number | null> | undefined;
    await during(async () => {
      ended = proxy.stop();
    });
    daprd.close();
    expect(await ended).toBe(0);
    await flow.expectNoneAgain(pods);
  });

  it('ends in time under a daprd that goes on, and its successor has the rest', async () => {
    // Some are with pods at any moment.
    flow = new EventFlow(daprd, topic, 50);
    await startAll();
    await during(async () => {
      expect(await proxy.stop()).toBe(0);
      await proxy.restart();
    });
    await flow.expectEachOnce(pods);
  });
}

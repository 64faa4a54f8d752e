import { describe, expect, it, onTestFinished } from 'vitest';
import { knockAt } from '../../../../src/adapters/app-channel/http/knock.ts';
import { PodConnections } from '../../../../src/adapters/app-channel/http/pod-connections.ts';
import type { PodRequest } from '../../../../src/adapters/app-channel/http/pod-exchange.ts';
import type { KeepaliveTimes, Ping } from '../../../../src/adapters/app-channel/keepalive.ts';
import { neverCancelled } from '../../../../src/proxy/cancellation.ts';
import { freePort } from '../../../cluster/harness/free-port.ts';
import { HttpPod, type PodHandler } from '../../../support/http-pod.ts';
import { until } from '../../kubernetes/until.ts';

const event: PodRequest = {
  method: 'POST',
  path: '/cron',
  headers: [],
  body: Buffer.from('{"id":"1"}'),
  cancellation: neverCancelled,
  sent: () => undefined,
};
const often: KeepaliveTimes = { silenceMs: 20, pingsApartMs: 0, pingTimeoutMs: 100 };
const never: KeepaliveTimes = { ...often, silenceMs: 3_600_000 };

/** Nothing comes back, as from a node that is gone. */
const silence: Ping = () => undefined;

async function connectionsTo(handler: PodHandler, times: KeepaliveTimes, ping?: Ping) {
  const pod = await HttpPod.start({ handler });
  const connections = new PodConnections(
    { ...pod.endpoint, name: pod.name },
    { maxMessageBytes: 1000, connectTimeoutMs: 5_000, responseTimeoutMs: 0 },
    () => undefined,
    times,
    ping,
  );
  onTestFinished(async () => {
    connections.close();
    await pod.kill();
  });
  return { pod, connections };
}

describe('a pod that vanishes without a word', () => {
  it('is noticed while something waits for its answer', async () => {
    const { connections } = await connectionsTo(() => undefined, often, silence);
    const vanished = { result: 'lost', cause: 'the pod has vanished' };
    const exchanges = [connections.exchange(event), connections.exchange(event)];
    expect(await Promise.all(exchanges)).toEqual([vanished, vanished]);
  });

  it('is noticed when its endpoint goes', async () => {
    const { pod, connections } = await connectionsTo(() => undefined, never, silence);
    const exchange = connections.exchange(event);
    await until(() => expect(pod.ids).toEqual(['1']));
    connections.forget();
    expect(await exchange).toEqual({ result: 'lost', cause: 'the pod has vanished' });
  });
});

describe('a pod that takes its time', () => {
  it('is left to finish, however often it is looked after', async () => {
    const released = Promise.withResolvers<void>();
    const { pod, connections } = await connectionsTo(async (_request, response) => {
      await released.promise;
      response.end('done');
    }, often);
    const exchange = connections.exchange(event);
    await until(() => expect(pod.connections).toBeGreaterThanOrEqual(4));
    released.resolve();
    expect(await exchange).toMatchObject({ result: 'answered', answer: { status: 200 } });
    expect(pod.ids).toEqual(['1']);
  });
});

describe('a knock', () => {
  const knock = (host: string, port: number, timeoutMs: number) =>
    new Promise<Error | null>((resolve) => {
      knockAt({ host, port, name: '' }, timeoutMs)(resolve);
    });

  it('is answered by a node that is there, whether or not anything listens', async () => {
    const pod = await HttpPod.start();
    onTestFinished(() => pod.kill());
    expect(await knock('127.0.0.1', pod.port, 10_000)).toBeNull();
    expect(await knock('127.0.0.1', await freePort(), 10_000)).toBeNull();
  });

  it('is not answered by who only says that there is no way', async () => {
    // A multicast address: no connection leads there.
    expect(await knock('224.0.0.1', 8080, 50)).toBeInstanceOf(Error);
  });
});

import { describe, expect, it } from 'vitest';
import { freePort } from '../../../cluster/harness/free-port.ts';
import { until } from '../../../cluster/harness/until.ts';
import { startChannel } from './support/channel.ts';
import { Daprd, status, topicEventPath } from './support/daprd.ts';
import { answerOk, Http2Pod } from './support/http2-pod.ts';
import { topicEvent } from './support/messages.ts';
import { Pod, Tally } from './support/pod.ts';

/** A broker behind daprd: what is not acknowledged comes again. */
class Broker {
  readonly #daprd: Daprd;
  /** By id: how often it was handed to the proxy. */
  readonly deliveries = new Map<string, number>();
  readonly acknowledged = new Set<string>();

  constructor(port: number) {
    this.#daprd = new Daprd(port);
  }

  get redeliveries(): number {
    return [...this.deliveries.values()].reduce((sum, count) => sum + count - 1, 0);
  }

  /** Delivers each until it is acknowledged. @param width how many are under way at a time */
  async deliver(ids: readonly string[], width: number): Promise<void> {
    const left = [...ids];
    const worker = async (): Promise<void> => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) await this.#deliverOne(id);
    };
    await Promise.all(Array.from({ length: width }, worker));
  }

  async #deliverOne(id: string): Promise<void> {
    for (;;) {
      this.deliveries.set(id, (this.deliveries.get(id) ?? 0) + 1);
      const { code, details } = await this.#daprd.call(topicEventPath, topicEvent(id));
      if (code === status.OK) {
        this.acknowledged.add(id);
        return;
      }
      expect(code, details).toBe(status.UNAVAILABLE);
    }
  }
}

/** Nothing was acknowledged that no pod had finished, and no pod got anything that daprd had not sent. */
function expectExact(ids: readonly string[], broker: Broker, tally: Tally): void {
  expect(broker.acknowledged.size).toBe(ids.length);
  for (const id of ids) {
    expect(tally.finished.get(id) ?? 0, id).toBeGreaterThanOrEqual(1);
    expect(tally.begun.get(id) ?? 0, id).toBeLessThanOrEqual(broker.deliveries.get(id) ?? 0);
  }
}

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `event-${index}`);

const aWhile = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

describe('under load', () => {
  it('a pod that is killed takes no event with it', async () => {
    const tally = new Tally();
    let count = 0;
    const victim: Pod = await Pod.start(
      tally.calls(async () => {
        count += 1;
        const isLast = count === 500;
        await aWhile();
        // In the middle of this one, and of those beside it.
        if (isLast) victim.kill();
      }),
    );
    const other = await Pod.start(tally.calls(aWhile));
    const { port } = await startChannel({ endpoints: [victim.endpoint, other.endpoint] });
    const broker = new Broker(port);
    const ids = idsOf(3000);
    await broker.deliver(ids, 100);
    expectExact(ids, broker, tally);
    // What it was working on may have been done: daprd was asked to send it again.
    expect(broker.redeliveries).toBeGreaterThan(0);
    expect(broker.redeliveries).toBeLessThanOrEqual(100);
  });

  it('all pods are replaced, one after another, and daprd does not notice', async () => {
    const tally = new Tally();
    const pods = await Promise.all([1, 2, 3].map(() => Pod.start(tally.calls(aWhile))));
    const { port, dispatcher } = await startChannel({
      endpoints: pods.map((pod) => pod.endpoint),
    });
    const broker = new Broker(port);
    const ids = idsOf(3000);
    const delivered = broker.deliver(ids, 100);
    for (let round = 1; round <= 3; round += 1) {
      await until('the next part to be done', async () => tally.finished.size > round * 600);
      const leaving = pods.shift();
      pods.push(await Pod.start(tally.calls(aWhile)));
      dispatcher.update(pods.map((pod) => pod.endpoint));
      await leaving?.stop();
    }
    await delivered;
    expectExact(ids, broker, tally);
    expect(broker.redeliveries).toBe(0);
  });

  it('pods end before their endpoints do, and daprd does not notice', async () => {
    const tally = new Tally();
    const pods = await Promise.all([1, 2].map(() => Pod.start(tally.calls(aWhile))));
    const { port } = await startChannel({ endpoints: pods.map((pod) => pod.endpoint) });
    const broker = new Broker(port);
    const ids = idsOf(2000);
    const delivered = broker.deliver(ids, 100);
    await until('some to be done', async () => tally.finished.size > 500);
    await pods[0]?.stop();
    await delivered;
    expectExact(ids, broker, tally);
    expect(broker.redeliveries).toBe(0);
  });

  it('connections that the pod ends again and again cost nothing', async () => {
    let streams = 0;
    const pod = await Http2Pod.start((stream) => {
      streams += 1;
      answerOk(stream);
      if (streams % 50 === 0) stream.session?.close();
    });
    const { port, observed } = await startChannel({ endpoints: [pod.endpoint] });
    const broker = new Broker(port);
    await broker.deliver(idsOf(2000), 50);
    expect(broker.acknowledged.size).toBe(2000);
    expect(broker.redeliveries).toBe(0);
    expect(streams).toBe(2000);
    expect(observed.ended.every(({ outcome }) => outcome === 'success')).toBe(true);
    expect(pod.sessionsEver).toBeGreaterThan(5);
  });

  it('a fast pod gets more than a slow one', async () => {
    const [fast, slow] = [new Tally(), new Tally()];
    const pods = [
      await Pod.start(fast.calls(aWhile)),
      await Pod.start(slow.calls(() => new Promise((resolve) => setTimeout(resolve, 100)))),
    ];
    const { port } = await startChannel({ endpoints: pods.map((pod) => pod.endpoint) });
    const broker = new Broker(port);
    await broker.deliver(idsOf(1000), 20);
    expect(fast.finished.size + slow.finished.size).toBe(1000);
    expect(slow.finished.size).toBeGreaterThan(0);
    expect(fast.finished.size).toBeGreaterThan(3 * slow.finished.size);
  });

  it('events wait for a function that is scaled to zero', async () => {
    const tally = new Tally();
    const endpoint = { host: '127.0.0.1', port: await freePort() };
    const { port, dispatcher, observed } = await startChannel();
    const broker = new Broker(port);
    const ids = idsOf(1000);
    const delivered = broker.deliver(ids, 1000);
    await until('all to wait', async () => dispatcher.waiting === 1000);
    // In DNS before it serves, as without a readiness probe.
    dispatcher.update([endpoint]);
    await until('the first to be refused', async () => observed.unreached.length > 0);
    await Pod.start(tally.calls(), endpoint.port);
    await delivered;
    expectExact(ids, broker, tally);
    expect(broker.redeliveries).toBe(0);
    expect([...tally.begun.values()].every((count) => count === 1)).toBe(true);
  });

  it('what is too much is refused at once, and nothing else', async () => {
    const tally = new Tally();
    const { port, dispatcher } = await startChannel({ maxWaiting: 1000 });
    const daprd = new Daprd(port);
    const ids = idsOf(10_000);
    const refused: string[] = [];
    const acknowledged: string[] = [];
    const all = ids.map(async (id) => {
      const { code, details } = await daprd.call(topicEventPath, topicEvent(id));
      if (code === status.OK) acknowledged.push(id);
      else refused.push(`${code} ${details}`);
    });
    await until('9,000 to be refused', async () => refused.length === 9000);
    expect(dispatcher.waiting).toBe(1000);
    const pod = await Pod.start(tally.calls());
    dispatcher.update([pod.endpoint]);
    await Promise.all(all);
    expect(new Set(refused)).toEqual(
      new Set(['14 too many events wait for a pod of the function']),
    );
    expect(acknowledged).toHaveLength(1000);
    expect(new Set(tally.finished.keys())).toEqual(new Set(acknowledged));
    expect([...tally.begun.values()].every((count) => count === 1)).toBe(true);
  });

  it('callers that cancel by the thousand take nothing from the others', async () => {
    const tally = new Tally();
    const { port, dispatcher } = await startChannel();
    const daprd = new Daprd(port);
    const calls = idsOf(4000).map((id) => daprd.call(topicEventPath, topicEvent(id)));
    await until('all to wait', async () => dispatcher.waiting === 4000);
    for (const call of calls.slice(0, 3500)) call.cancel();
    await until('the others to wait', async () => dispatcher.waiting <= 500);
    const pod = await Pod.start(tally.calls());
    dispatcher.update([pod.endpoint]);
    const codes = (await Promise.all(calls)).map(({ code }) => code);
    expect(codes.filter((code) => code === status.CANCELLED)).toHaveLength(3500);
    expect(codes.filter((code) => code === status.OK)).toHaveLength(500);
    expect(new Set(tally.begun.keys())).toEqual(new Set(idsOf(4000).slice(3500)));
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStandIn } from '../support/dapr/create-stand-in.ts';
import type { DaprdStandIn, TopicEvent } from '../support/dapr/daprd-stand-in.ts';
import type { EventData } from '../support/dapr/function-events.ts';
import { countAllIds, FunctionPod } from '../support/dapr/function-pod.ts';
import { ProxyProcess } from '../support/dapr/proxy-process.ts';

/** Two topics on one component, and one whose route is hard to guess. */
const topics = [
  ['Bus', 'orders'],
  ['Bus', 'refunds/EU.v2'],
] as const;

/** One that a declarative Subscription brings, so that the proxy has never heard of it. */
const bulkTopic = ['Bus', 'parcels'] as const;
const bulkRoute = '/bus--parcels--default';

function event([pubsub, topic]: readonly [string, string], data: EventData): TopicEvent {
  return { pubsub, topic, data };
}

describe.each(['http', 'grpc'] as const)("a function of Dapr's SDK that speaks %s", (protocol) => {
  let pods: FunctionPod[] = [];
  let proxy: ProxyProcess;
  let daprd: DaprdStandIn;

  beforeAll(async () => {
    const functions = { topics, bulkTopics: [bulkTopic], bindings: ['tick'], methods: ['hello'] };
    pods = await Promise.all([1, 2].map(() => FunctionPod.start({ protocol, ...functions })));
    proxy = await ProxyProcess.start({
      protocol,
      inputs: { topics, bindings: ['tick'] },
      endpoints: pods.map(({ endpoint }) => endpoint),
    });
    daprd = createStandIn(protocol, proxy.port);
    await daprd.ask([]);
  });

  afterAll(async () => {
    daprd?.close();
    await proxy?.kill();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  it('is subscribed to all of its topics and to no binding but its own', async () => {
    const { topics: asked, bindings } = await daprd.ask(['tick', 'somebody-elses']);
    expect(asked.toSorted()).toEqual(['Bus/orders', 'Bus/refunds/EU.v2']);
    expect(bindings).toEqual(['tick']);
  });

  it.each(topics)('gets each event of %s/%s once', async (...topic) => {
    const ids = Array.from({ length: 100 }, (_, index) => `${topic[1]} ${index}`);
    const fates = await Promise.all(ids.map((id) => daprd.deliver(event(topic, { id }))));
    expect(fates).toEqual(ids.map(() => 'acknowledged'));
    expect(await countAllIds(pods, topic.join('/'))).toEqual(new Map(ids.map((id) => [id, 1])));
    for (const { records } of pods) {
      expect(records.some(({ id }) => ids.includes(id))).toBe(true);
    }
  });

  it.each([
    ['RETRY', 'retried'],
    ['DROP', 'dropped'],
  ] as const)('is not asked twice when it says %s', async (answer, fate) => {
    expect(await daprd.deliver(event(topics[0], { id: answer, answer }))).toBe(fate);
    expect((await countAllIds(pods, 'Bus/orders')).get(answer)).toBe(1);
  });

  it('says of each event of a bulk what becomes of it', async () => {
    const answers = { b1: undefined, b2: 'RETRY', b3: 'DROP', b4: undefined } as const;
    const events = Object.entries(answers).map(([id, answer]) => ({
      ...event(bulkTopic, { id, ...(answer && { answer }) }),
      route: bulkRoute,
    }));
    expect(Object.fromEntries(await daprd.deliverBulk(events))).toEqual({
      b1: 'acknowledged',
      b2: 'retried',
      b3: 'dropped',
      b4: 'acknowledged',
    });
    expect(Object.fromEntries(await countAllIds(pods, 'Bus/parcels'))).toEqual({
      b1: 1,
      b2: 1,
      b3: 1,
      b4: 1,
    });
  });

  it('gets events of a binding, and its failure comes back', async () => {
    expect(await daprd.trigger('tick', { id: 'fine' })).toBe(true);
    expect(await daprd.trigger('tick', { id: 'broken', answer: 'throw' })).toBe(false);
    expect(Object.fromEntries(await countAllIds(pods, 'tick'))).toEqual({ fine: 1, broken: 1 });
  });

  it('is called by somebody', async () => {
    expect(await daprd.invoke('hello', { id: 'caller' })).toEqual({
      method: 'hello',
      id: 'caller',
    });
    expect(Object.fromEntries(await countAllIds(pods, 'hello'))).toEqual({ caller: 1 });
  });

  it('gets an event of 4 MiB less what is around it', async () => {
    const big = { id: 'big', padding: 'x'.repeat(4 * 1024 * 1024 - 4096) };
    expect(await daprd.deliver(event(topics[0], big))).toBe('acknowledged');
    expect((await countAllIds(pods, 'Bus/orders')).get('big')).toBe(1);
  });
});

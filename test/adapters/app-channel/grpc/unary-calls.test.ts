import {
  BindingEventRequestSchema,
  BindingEventResponseSchema,
  ListInputBindingsResponseSchema,
  ListTopicSubscriptionsResponseSchema,
  TopicEventResponse_TopicEventResponseStatus as Status,
} from '@dapr/dapr/proto/dapr/proto/runtime/v1/appcallback_pb.js';
import { compressionAlgorithms } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { until } from '../../../cluster/harness/until.ts';
import { startChannel } from './support/channel.ts';
import { Daprd, Metadata, status, topicEventPath } from './support/daprd.ts';
import { decode, encode, topicAnswer, topicEvent } from './support/messages.ts';
import { Pod, PodError, Tally, type UnaryHandler } from './support/pod.ts';

const callback = '/dapr.proto.runtime.v1.AppCallback';
const alpha = '/dapr.proto.runtime.v1.AppCallbackAlpha';
const empty = Buffer.alloc(0);

/** A channel with one pod that answers these calls. */
async function withPod(unary: Record<string, UnaryHandler>) {
  const pod = await Pod.start({ unary });
  const started = await startChannel({ endpoints: [pod.endpoint] });
  return { ...started, pod, daprd: new Daprd(started.port) };
}

describe('what daprd asks', () => {
  it('is answered with no pod there', async () => {
    const { port, channel } = await startChannel();
    expect(channel.wasCalled).toBe(false);
    const daprd = new Daprd(port);
    const topics = await daprd.call(`${callback}/ListTopicSubscriptions`, empty);
    expect(topics.code).toBe(status.OK);
    expect(
      decode(ListTopicSubscriptionsResponseSchema, topics.message ?? empty).subscriptions,
    ).toEqual([expect.objectContaining({ pubsubName: 'bus', topic: 'orders' })]);
    const bindings = await daprd.call(`${callback}/ListInputBindings`, empty);
    expect(decode(ListInputBindingsResponseSchema, bindings.message ?? empty).bindings).toEqual([
      'timer',
    ]);
    const health = '/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck';
    expect(await daprd.call(health, empty)).toMatchObject({ code: status.OK, message: empty });
    expect(channel.wasCalled).toBe(true);
  });
});

describe('an event', () => {
  it('gets to the pod, and the answer back, byte for byte', async () => {
    const seen: Buffer[] = [];
    const answer = encode(BindingEventResponseSchema, { to: ['out'], data: Buffer.from('{}') });
    const { daprd, observed } = await withPod({
      [`${callback}/OnBindingEvent`]: (request) => {
        seen.push(request);
        return answer;
      },
    });
    const request = encode(BindingEventRequestSchema, { name: 'timer', data: Buffer.from('x') });
    const outcome = await daprd.call(`${callback}/OnBindingEvent`, request);
    expect(outcome).toMatchObject({ code: status.OK, message: answer });
    expect(seen).toEqual([request]);
    expect(observed.ended).toEqual([{ input: 'timer', outcome: 'success' }]);
  });

  it('comes back with what the function made of it', async () => {
    const answers = [Status.SUCCESS, Status.RETRY, Status.DROP].map(topicAnswer);
    const { daprd, observed } = await withPod({
      [topicEventPath]: () => answers.shift() ?? empty,
    });
    for (const expected of [...answers]) {
      const outcome = await daprd.call(topicEventPath, topicEvent('a'));
      expect(outcome).toMatchObject({ code: status.OK, message: expected });
    }
    expect(observed.ended.map(({ outcome }) => outcome)).toEqual(['success', 'retry', 'drop']);
  });

  it("carries daprd's metadata, also what is there twice and what is binary", async () => {
    const seen: Metadata[] = [];
    const { daprd } = await withPod({
      [topicEventPath]: (_request, call) => {
        seen.push(call.metadata);
        return empty;
      },
    });
    const metadata = new Metadata();
    metadata.add('traceparent', '00-one');
    metadata.add('traceparent', '00-two');
    metadata.add('grpc-trace-bin', Buffer.from([0, 1, 255]));
    metadata.add('dapr-api-token', 'secret');
    await daprd.call(topicEventPath, topicEvent('a'), metadata);
    // Node joins them where grpc-js serves; on the wire there are two.
    expect(seen[0]?.get('traceparent')).toEqual(['00-one, 00-two']);
    expect(seen[0]?.get('grpc-trace-bin')).toEqual([Buffer.from([0, 1, 255])]);
    expect(seen[0]?.get('dapr-api-token')).toEqual(['secret']);
  });

  it("comes back with the pod's metadata and trailers", async () => {
    const { daprd } = await withPod({
      [topicEventPath]: (_request, call) => {
        const headers = new Metadata();
        headers.add('x-early', '1');
        headers.add('x-early', '2');
        call.sendMetadata(headers);
        const trailers = new Metadata();
        trailers.add('x-late', '3');
        trailers.add('x-late', '4');
        trailers.add('x-late-bin', Buffer.from([255]));
        return { message: empty, trailers };
      },
    });
    const outcome = await daprd.call(topicEventPath, topicEvent('a'));
    expect(outcome.code).toBe(status.OK);
    expect(outcome.headers.get('x-early').join(', ')).toBe('1, 2');
    expect(outcome.trailers.get('x-late').join(', ')).toBe('3, 4');
    expect(outcome.trailers.get('x-late-bin')).toEqual([Buffer.from([255])]);
  });

  it('comes back with the error of the function and its details', async () => {
    const { daprd, observed } = await withPod({
      [topicEventPath]: () => {
        const metadata = new Metadata();
        metadata.set('grpc-status-details-bin', Buffer.from([8, 9]));
        throw new PodError(status.ABORTED, 'pas bon: ça', metadata);
      },
    });
    const outcome = await daprd.call(topicEventPath, topicEvent('a'));
    expect(outcome).toMatchObject({ code: status.ABORTED, details: 'pas bon: ça' });
    expect(outcome.trailers.get('grpc-status-details-bin')).toEqual([Buffer.from([8, 9])]);
    expect(observed.ended).toEqual([{ input: 'bus', outcome: 'error' }]);
  });

  it('passes compressed as it is', async () => {
    const encodings: unknown[] = [];
    const { port } = await withPod({
      [topicEventPath]: (request, call) => {
        encodings.push(call.metadata.get('grpc-accept-encoding'));
        return request;
      },
    });
    const daprd = new Daprd(port, {
      'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
    });
    const event = topicEvent('a', Buffer.alloc(10_000, 'x'));
    const outcome = await daprd.call(topicEventPath, event);
    expect(outcome).toMatchObject({ code: status.OK, message: event });
    expect(encodings).toHaveLength(1);
  });

  it('may have 4 MiB, and much more, either way', async () => {
    const { daprd } = await withPod({ [topicEventPath]: (request) => request });
    for (const mebibytes of [4, 30]) {
      const event = topicEvent('large', Buffer.alloc(mebibytes << 20, 'x'));
      const outcome = await daprd.call(topicEventPath, event);
      expect(outcome.code).toBe(status.OK);
      expect(outcome.message?.equals(event)).toBe(true);
    }
  });

  it('is refused when it is larger than the limit, before all of it has come', async () => {
    const tally = new Tally();
    const pod = await Pod.start(tally.calls());
    const limits = { maxMessageBytes: 1000 };
    const { port } = await startChannel({ endpoints: [pod.endpoint], limits });
    const daprd = new Daprd(port);
    const tooLarge = await daprd.call(topicEventPath, topicEvent('large', Buffer.alloc(8 << 20)));
    expect(tooLarge).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: 'the message is larger than 1000 bytes',
    });
    expect(await daprd.call(topicEventPath, topicEvent('small'))).toMatchObject({ code: 0 });
    expect([...tally.begun.keys()]).toEqual(['small']);
  });

  it('is refused where what is held already leaves no room, until that is done', async () => {
    const released = Promise.withResolvers<Buffer>();
    const pod = await Pod.start({ unary: { [topicEventPath]: () => released.promise } });
    const { port, held, observed } = await startChannel({
      endpoints: [pod.endpoint],
      maxHeldBytes: 10_000,
    });
    const daprd = new Daprd(port);
    const event = topicEvent('x', new Uint8Array(4_000));
    const first = [daprd.call(topicEventPath, event), daprd.call(topicEventPath, event)];
    await until('two to be held', async () => held.bytes > 8_000);
    const refused = await daprd.call(topicEventPath, event);
    expect(refused.code).toBe(status.UNAVAILABLE);
    expect(refused.details).toContain('all the memory');
    expect(observed.ended).toEqual([{ input: 'other', outcome: 'memory' }]);

    released.resolve(Buffer.alloc(0));
    for (const { code } of await Promise.all(first)) expect(code).toBe(status.OK);
    expect((await daprd.call(topicEventPath, event)).code).toBe(status.OK);
    await until('all to be let go', async () => held.bytes === 0);
  });

  it('ends in an error when the answer is larger than the limit', async () => {
    const pod = await Pod.start({ unary: { [topicEventPath]: () => Buffer.alloc(8 << 20) } });
    const limits = { maxMessageBytes: 1000 };
    const { port } = await startChannel({ endpoints: [pod.endpoint], limits });
    expect(await new Daprd(port).call(topicEventPath, topicEvent('a'))).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: "the pod's answer is larger than 1000 bytes",
    });
  });

  it('counts as another input where its component is unknown', async () => {
    const { daprd, observed } = await withPod({
      [`${callback}/OnBindingEvent`]: () => empty,
      [`${callback}/OnJobEvent`]: () => empty,
      [`${callback}/OnInvoke`]: () => empty,
    });
    const request = encode(BindingEventRequestSchema, { name: 'made-up' });
    await daprd.call(`${callback}/OnBindingEvent`, request);
    await daprd.call(`${callback}/OnJobEvent`, request);
    await daprd.call(`${callback}/OnInvoke`, request);
    expect(observed.ended.map(({ input }) => input)).toEqual(['other', 'job', 'invoke']);
  });
});

describe('UNIMPLEMENTED', () => {
  it('of a topic makes daprd try again instead of losing the event', async () => {
    const { daprd, observed, pod } = await withPod({});
    const outcome = await daprd.call(topicEventPath, topicEvent('a'));
    const name = `127.0.0.1:${pod.endpoint.port}`;
    expect(outcome).toMatchObject({
      code: status.UNAVAILABLE,
      details: `pod ${name} does not implement this kind of event`,
    });
    expect(observed.lossPrevented).toEqual([{ input: 'bus', endpoint: name }]);
    expect(observed.ended).toEqual([{ input: 'bus', outcome: 'error' }]);
  });

  it('of bulk events by one name makes them come by the other', async () => {
    for (const [asked, implemented] of [
      [`${callback}/OnBulkTopicEvent`, `${alpha}/OnBulkTopicEventAlpha1`],
      [`${alpha}/OnBulkTopicEventAlpha1`, `${callback}/OnBulkTopicEvent`],
    ] as const) {
      const { daprd, observed } = await withPod({ [implemented]: (request) => request });
      const outcome = await daprd.call(asked, topicEvent('a'));
      expect(outcome).toMatchObject({ code: status.OK, message: topicEvent('a') });
      expect(observed.lossPrevented).toEqual([]);
    }
  });

  it('of bulk events by both names makes daprd try again', async () => {
    const { daprd, observed } = await withPod({});
    const outcome = await daprd.call(`${callback}/OnBulkTopicEvent`, empty);
    expect(outcome.code).toBe(status.UNAVAILABLE);
    expect(observed.lossPrevented).toHaveLength(1);
  });

  it('of anything else is what daprd is told', async () => {
    const { daprd, observed } = await withPod({});
    for (const method of ['OnBindingEvent', 'OnJobEvent', 'OnInvoke']) {
      const outcome = await daprd.call(`${callback}/${method}`, empty);
      expect(outcome.code).toBe(status.UNIMPLEMENTED);
    }
    expect(observed.lossPrevented).toEqual([]);
  });
});

describe('a caller', () => {
  it('that cancels is not worked for any longer', async () => {
    const cancelled = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { daprd, observed } = await withPod({
      [topicEventPath]: async (_request, call) => {
        call.on('cancelled', () => cancelled.resolve());
        begun.resolve();
        await cancelled.promise;
        return empty;
      },
    });
    const call = daprd.call(topicEventPath, topicEvent('a'));
    await begun.promise;
    call.cancel();
    await cancelled.promise;
    expect((await call).code).toBe(status.CANCELLED);
    await until('the end of the delivery', async () => observed.ended.length > 0);
    expect(observed.ended).toEqual([{ input: 'bus', outcome: 'cancelled' }]);
  });

  it('that cancels while its event waits makes room for another', async () => {
    const { port, dispatcher } = await startChannel();
    const call = new Daprd(port).call(topicEventPath, topicEvent('a'));
    await until('the event to wait', async () => dispatcher.waiting === 1);
    call.cancel();
    await until('the event to wait no longer', async () => dispatcher.waiting === 0);
    expect((await call).code).toBe(status.CANCELLED);
  });

  it('with a deadline passes on what is left of it', async () => {
    const left: number[] = [];
    const { daprd } = await withPod({
      [topicEventPath]: (_request, call) => {
        left.push(Number(call.getDeadline()) - Date.now());
        return empty;
      },
    });
    const deadline = Date.now() + 60_000;
    await daprd.call(topicEventPath, topicEvent('a'), new Metadata(), { deadline });
    expect(left[0]).toBeGreaterThan(0);
    expect(left[0]).toBeLessThanOrEqual(60_001);
    await daprd.call(topicEventPath, topicEvent('a'));
    expect(left[1]).toBe(Number.POSITIVE_INFINITY);
  });
});

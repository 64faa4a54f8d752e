import {
  BindingEventRequestSchema,
  BindingEventResponseSchema,
  ListInputBindingsResponseSchema,
  ListTopicSubscriptionsResponseSchema,
  TopicEventResponse_TopicEventResponseStatus as Status,
  TopicEventBulkRequestSchema,
  TopicEventBulkResponseSchema,
  TopicEventRequestSchema,
  TopicEventResponseSchema,
} from '@dapr/dapr/proto/dapr/proto/runtime/v1/appcallback_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  componentOf,
  ownAnswers,
  unaryMethods,
} from '../../../../src/adapters/app-channel/grpc/app-callback.ts';
import { frameMessage } from '../../../../src/adapters/app-channel/grpc/framing.ts';
import type { EventInputs } from '../../../../src/rules/delivery/event-inputs.ts';
import { decode, encode } from './support/messages.ts';

const callback = '/dapr.proto.runtime.v1.AppCallback';

function answerTo(method: string, inputs: Partial<EventInputs>): Buffer {
  const answers = ownAnswers({ kind: 'async', topics: [], bindings: [], port: 8080, ...inputs });
  return answers.get(`${callback}/${method}`)?.subarray(5) ?? Buffer.from('no answer');
}

function verdictOf(method: string, message: Buffer): string | undefined {
  return unaryMethods.get(`${callback}/${method}`)?.verdictOf(frameMessage(message));
}

describe('what daprd is answered', () => {
  it('names every topic, also two of one component, and none of them a route', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ pubsub: fc.string(), topic: fc.string() })), (topics) => {
        const answer = decode(
          ListTopicSubscriptionsResponseSchema,
          answerTo('ListTopicSubscriptions', { topics }),
        );
        expect(
          answer.subscriptions.map(({ pubsubName, topic, routes }) => ({
            pubsub: pubsubName,
            topic,
            routes,
          })),
        ).toEqual(topics.map((topic) => ({ ...topic, routes: undefined })));
      }),
    );
  });

  it('names every binding, however long its name', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 300 })), (bindings) => {
        const answer = answerTo('ListInputBindings', { bindings });
        expect(decode(ListInputBindingsResponseSchema, answer).bindings).toEqual(bindings);
      }),
    );
  });
});

describe('the component of a request', () => {
  const name = fc.string({ unit: 'grapheme' });
  const bytes = fc.uint8Array({ maxLength: 500 });

  it('is found in a topic event, whatever else that holds', () => {
    const content = fc.record({ id: name, source: name, topic: name, data: bytes, path: name });
    fc.assert(
      fc.property(name, content, (pubsubName, rest) => {
        const request = encode(TopicEventRequestSchema, { ...rest, pubsubName });
        expect(componentOf(frameMessage(request), 8)).toBe(pubsubName);
      }),
    );
  });

  it('is found in bulk topic events', () => {
    fc.assert(
      fc.property(name, fc.array(bytes), (pubsubName, events) => {
        const entries = events.map((value) => ({ event: { case: 'bytes' as const, value } }));
        const request = encode(TopicEventBulkRequestSchema, { id: '1', entries, pubsubName });
        expect(componentOf(frameMessage(request), 5)).toBe(pubsubName);
      }),
    );
  });

  it('is found in a binding event', () => {
    const request = encode(BindingEventRequestSchema, { name: 'timer', metadata: { a: 'b' } });
    expect(componentOf(frameMessage(request), 1)).toBe('timer');
  });

  it('is empty where it cannot be read, and nothing hangs or throws', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 50 }),
        fc.integer({ min: 1, max: 9 }),
        (junk, field) => {
          expect(componentOf(Buffer.from(junk), field)).toBeTypeOf('string');
          expect(componentOf(frameMessage(Buffer.from(junk)), field)).toBeTypeOf('string');
        },
      ),
    );
    const compressed = frameMessage(encode(BindingEventRequestSchema, { name: 'timer' }));
    compressed[0] = 1;
    expect(componentOf(compressed, 1)).toBe('');
  });
});

describe('the verdict of an answer', () => {
  it('is the status of a topic event', () => {
    const verdict = (status: number) =>
      verdictOf('OnTopicEvent', encode(TopicEventResponseSchema, { status }));
    expect(verdict(Status.SUCCESS)).toBe('success');
    expect(verdict(Status.RETRY)).toBe('retry');
    expect(verdict(Status.DROP)).toBe('drop');
    expect(verdict(7)).toBe('retry');
    expect(verdict(-1)).toBe('retry');
  });

  it('is a retry of bulk events when one of them is', () => {
    const verdict = (...all: Status[]) => {
      const statuses = all.map((status, index) => ({ entryId: `${index}`, status }));
      return verdictOf('OnBulkTopicEvent', encode(TopicEventBulkResponseSchema, { statuses }));
    };
    expect(verdict()).toBe('success');
    expect(verdict(Status.SUCCESS, Status.SUCCESS)).toBe('success');
    expect(verdict(Status.SUCCESS, Status.DROP)).toBe('drop');
    expect(verdict(Status.DROP, Status.RETRY, Status.SUCCESS)).toBe('retry');
  });

  it('is success for whatever a binding gives back', () => {
    const answer = encode(BindingEventResponseSchema, { data: new Uint8Array([1]), to: ['x'] });
    expect(verdictOf('OnBindingEvent', answer)).toBe('success');
  });
});

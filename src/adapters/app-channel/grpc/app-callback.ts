import type { Verdict } from '../../../proxy/delivery.ts';
import type { EventInputs } from '../../../rules/delivery/event-inputs.ts';
import { frameMessage, isPlainMessage, prefixBytes } from './framing.ts';
import { encodeField, FieldReader, readString } from './protobuf.ts';

/*
 * The services that daprd calls on its app: dapr/proto/runtime/v1/appcallback.proto of
 * dapr/dapr. Field numbers are the file's; messages that pods get pass as they are.
 */

const callback = '/dapr.proto.runtime.v1.AppCallback';
const alpha = '/dapr.proto.runtime.v1.AppCallbackAlpha';
const bulk = `${callback}/OnBulkTopicEvent`;
const bulkAlpha = `${alpha}/OnBulkTopicEventAlpha1`;

/** A call that goes to a pod as one message, and comes back as one. */
export interface UnaryMethod {
  /** Field of the request that names the component; or what metrics call all of these calls. */
  readonly input: number | string;
  /** Whether daprd takes UNIMPLEMENTED for an answer, and forgets the event. */
  readonly isForgotten: boolean;
  /** The name under which a pod may know it that does not know this one. */
  readonly otherPath?: string;
  /** What an answer says of the event where its status is OK. */
  verdictOf(message: Buffer): Verdict;
}

const topicEvent: UnaryMethod = { input: 8, isForgotten: true, verdictOf: verdictOfTopic };
const bulkEvent: UnaryMethod = { input: 5, isForgotten: true, verdictOf: verdictOfBulk };
const bindingEvent: UnaryMethod = { input: 1, isForgotten: false, verdictOf: () => 'success' };
/** daprd asks for a job under its other name by itself. */
const jobEvent: UnaryMethod = { ...bindingEvent, input: 'job' };

/** Path of service invocation, the one call whose token every daprd sends. */
export const invokePath = `${callback}/OnInvoke`;

export const unaryMethods: ReadonlyMap<string, UnaryMethod> = new Map([
  [`${callback}/OnTopicEvent`, topicEvent],
  [bulk, { ...bulkEvent, otherPath: bulkAlpha }],
  [bulkAlpha, { ...bulkEvent, otherPath: bulk }],
  [`${callback}/OnBindingEvent`, bindingEvent],
  [invokePath, { ...bindingEvent, input: 'invoke' }],
  [`${callback}/OnJobEvent`, jobEvent],
  [`${alpha}/OnJobEventAlpha1`, jobEvent],
]);

/**
 * What the proxy answers by itself, framed, by path: it is the same however many pods there
 * are. daprd asks for subscriptions and bindings once, and never again.
 */
export function ownAnswers(inputs: EventInputs): ReadonlyMap<string, Buffer> {
  const subscriptions = inputs.topics.map(({ pubsub, topic }) =>
    encodeField(1, Buffer.concat([encodeField(1, pubsub), encodeField(2, topic)])),
  );
  const bindings = inputs.bindings.map((binding) => encodeField(1, binding));
  return new Map([
    [`${callback}/ListTopicSubscriptions`, frameMessage(Buffer.concat(subscriptions))],
    [`${callback}/ListInputBindings`, frameMessage(Buffer.concat(bindings))],
    ['/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck', frameMessage(Buffer.alloc(0))],
  ]);
}

/** The component that a request is of. Empty where it has none, or cannot be read. */
export function componentOf(framed: Buffer, field: number): string {
  return isPlainMessage(framed) ? readString(framed, prefixBytes, field) : '';
}

/** TopicEventResponse: daprd takes a status that it does not know for RETRY. */
function verdictOfTopic(framed: Buffer): Verdict {
  if (!isPlainMessage(framed)) return 'success';
  let status = 0;
  for (const fields = new FieldReader(framed, prefixBytes); fields.next(); ) {
    if (fields.field === 1) status = fields.integer;
  }
  return verdicts[status] ?? 'retry';
}

/** TopicEventBulkResponse: one that is to come again makes the whole a retry. */
function verdictOfBulk(framed: Buffer): Verdict {
  if (!isPlainMessage(framed)) return 'success';
  let worst: Verdict = 'success';
  for (const entries = new FieldReader(framed, prefixBytes); entries.next(); ) {
    if (entries.field !== 1) continue;
    let status = 0;
    for (const fields = new FieldReader(framed, entries.start, entries.end); fields.next(); ) {
      if (fields.field === 2) status = fields.integer;
    }
    const verdict = verdicts[status] ?? 'retry';
    if (verdict === 'retry') return 'retry';
    if (verdict === 'drop') worst = 'drop';
  }
  return worst;
}

/** TopicEventResponseStatus, by its number. */
const verdicts: Readonly<Record<number, Verdict>> = { 0: 'success', 1: 'retry', 2: 'drop' };

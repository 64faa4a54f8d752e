import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  TopicEventRequestSchema,
  type TopicEventResponse_TopicEventResponseStatus,
  TopicEventResponseSchema,
} from '@dapr/dapr/proto/dapr/proto/runtime/v1/appcallback_pb.js';

/** A message as Dapr's own generated code writes it. */
export function encode<Schema extends DescMessage>(
  schema: Schema,
  content: MessageInitShape<Schema>,
): Buffer {
  return Buffer.from(toBinary(schema, create(schema, content)));
}

export function decode<Schema extends DescMessage>(
  schema: Schema,
  bytes: Buffer,
): MessageShape<Schema> {
  return fromBinary(schema, bytes);
}

/** A topic event whose id is all that a test looks at. */
export function topicEvent(id: string, data: Uint8Array = new Uint8Array()): Buffer {
  const content = { id, pubsubName: 'bus', topic: 'orders', data };
  return encode(TopicEventRequestSchema, content);
}

export function idOf(event: Buffer): string {
  return decode(TopicEventRequestSchema, event).id;
}

export function topicAnswer(status: TopicEventResponse_TopicEventResponseStatus): Buffer {
  return encode(TopicEventResponseSchema, { status });
}

/** The topic that events of the benches belong to. */
export const topicOfBench = { pubsub: 'orders-kafka', topic: 'orders' } as const;

export const topicMethod = '/dapr.proto.runtime.v1.AppCallback/OnTopicEvent';

/** A CloudEvent as daprd posts it, of so many bytes or a few more. */
export function httpEventOf(bytes: number): string {
  const event = (note: string): string =>
    JSON.stringify({
      id: '5f1d2c3b-7a4e-4b1c-9c55-0d6a4f3f2b17',
      source: 'shop',
      type: 'com.dapr.event.sent',
      specversion: '1.0',
      datacontenttype: 'application/json',
      topic: topicOfBench.topic,
      pubsubname: topicOfBench.pubsub,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      time: '2026-11-20T10:00:00Z',
      data: { number: 4711, note },
    });
  return event('x'.repeat(Math.max(0, bytes - event('').length)));
}

/** The same as the message of `OnTopicEvent`, framed. */
export function grpcEventOf(bytes: number): Buffer {
  const event = (note: string): Buffer =>
    framed(
      Buffer.concat([
        text(1, '5f1d2c3b-7a4e-4b1c-9c55-0d6a4f3f2b17'),
        text(2, 'shop'),
        text(3, 'com.dapr.event.sent'),
        text(4, '1.0'),
        text(5, 'application/json'),
        text(7, JSON.stringify({ number: 4711, note })),
        text(6, topicOfBench.topic),
        text(8, topicOfBench.pubsub),
      ]),
    );
  return event('x'.repeat(Math.max(0, bytes - event('').length)));
}

/** Events of 1 kB. */
export const topicEventHttp = httpEventOf(1_000);
export const topicEventGrpc = grpcEventOf(1_000);

/** A string or bytes field of a protobuf message. */
function text(field: number, value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      length.push(rest);
      break;
    }
    length.push((rest & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), bytes]);
}

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

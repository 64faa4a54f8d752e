import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { frameMessage } from '../../../../../src/adapters/app-channel/grpc/framing.ts';
import { topicEventPath } from './daprd.ts';
import { topicEvent } from './messages.ts';

/** Types of HTTP/2 frames (RFC 9113, 6). */
export const FrameType = { data: 0, headers: 1, settings: 4, goaway: 7 } as const;

export const frameHeaderBytes = 9;
export const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

const [endStream, endHeaders] = [1, 4];

export function frame(type: number, payload: Uint8Array, flags = 0, streamId = 0): Buffer {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** A header as HPACK writes what it does not remember (RFC 7541, 6.2.2). */
function literal(name: string, value: string): Buffer {
  const parts = [name, value].map((text) => Buffer.from(text, 'latin1'));
  return Buffer.concat([
    Buffer.from([0]),
    ...parts.flatMap((part) => [Buffer.from([part.length]), part]),
  ]);
}

/**
 * Delivers a topic event as no client of Node's would, whatever its headers are.
 *
 * @returns the first bytes that come for the call
 */
export function callBelowHttp2(
  port: number,
  headers: readonly (readonly [string, string])[],
): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const all = [
    ...([
      [':method', 'POST'],
      [':scheme', 'http'],
      [':path', topicEventPath],
    ] as const),
    ...([
      [':authority', 'app'],
      ['content-type', 'application/grpc'],
    ] as const),
    ...headers,
  ];
  const block = Buffer.concat(all.map(([name, value]) => literal(name, value)));
  socket.write(preface);
  socket.write(frame(FrameType.settings, Buffer.alloc(0)));
  socket.write(frame(FrameType.headers, block, endHeaders, 1));
  socket.write(frame(FrameType.data, frameMessage(topicEvent('a')), endStream, 1));
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (const found of framesOf(received)) {
        if (found.type === FrameType.headers) resolve(found.payload);
      }
    });
    socket.on('close', () => reject(new Error('the connection was closed without an answer')));
  });
}

/** The whole frames in what was received, without the preface. */
export function* framesOf(received: Buffer): Generator<{ type: number; payload: Buffer }> {
  let at = 0;
  while (at + frameHeaderBytes <= received.length) {
    const end = at + frameHeaderBytes + received.readUIntBE(at, 3);
    if (end > received.length) return;
    yield { type: received[at + 3] ?? 0, payload: received.subarray(at + frameHeaderBytes, end) };
    at = end;
  }
}

import { type ClientHttp2Session, connect } from 'node:http2';
import { onTestFinished } from 'vitest';
import { frameMessage } from '../../../../../src/adapters/app-channel/grpc/framing.ts';
import { topicEventPath } from './daprd.ts';
import { topicEvent } from './messages.ts';

/** Everything of an answer, as it is on the wire. */
export interface RawAnswer {
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly trailers: readonly string[];
  /** Code with which the stream was reset; 0 where it was not. */
  readonly resetCode: number;
}

/** daprd below gRPC, with metadata as large as it likes. */
export function connectRaw(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`, {
    maxHeaderListPairs: 10_000,
    maxSendHeaderBlockLength: 1 << 20,
    settings: { maxHeaderListSize: 1 << 20 },
  });
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

/** @param headers beside those of every gRPC call */
export function callRaw(
  session: ClientHttp2Session,
  headers: readonly string[] = [],
  body = frameMessage(topicEvent('a')),
): Promise<RawAnswer> {
  const stream = session.request([
    ...[':method', 'POST', ':path', topicEventPath, 'content-type', 'application/grpc'],
    ...headers,
  ]);
  stream.end(body);
  const answer = { headers: [] as string[], trailers: [] as string[] };
  const chunks: Buffer[] = [];
  stream.on('response', (_headers, _flags, raw) => {
    answer.headers = raw;
  });
  stream.on('trailers', (_trailers, _flags, raw) => {
    answer.trailers = raw;
  });
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('error', () => undefined);
  return new Promise((resolve) => {
    stream.on('close', () => {
      resolve({ ...answer, body: Buffer.concat(chunks), resetCode: stream.rstCode ?? 0 });
    });
  });
}

/** The values of a header. */
export function valuesOf(raw: readonly string[], name: string): (string | undefined)[] {
  return raw.flatMap((key, index) => (index % 2 === 0 && key === name ? [raw[index + 1]] : []));
}

import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { letGo } from '../../../../src/adapters/app-channel/grpc/let-go.ts';

it('a stream that has closed leads to none of its listeners, and its errors to no end of the process', async () => {
  const server = createServer();
  server.on('stream', (stream) => stream.respond({ ':status': 200 }, { endStream: true }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    const stream = session.request({ ':path': '/' });
    const heard: string[] = [];
    stream.once('close', () => letGo(stream));
    // Those that were there when it closed are told of it all the same.
    stream.once('close', () => heard.push('close'));
    stream.on('data', () => undefined);
    stream.resume();
    await once(stream, 'close');
    expect(heard).toEqual(['close']);
    expect(stream.eventNames()).toEqual(['error']);
    expect(() => stream.emit('error', new Error('late'))).not.toThrow();
  } finally {
    session.close();
    server.close();
  }
});

import { constants, type ServerHttp2Stream } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { prefixBytes } from '../../../../src/adapters/app-channel/grpc/framing.ts';
import { freePort } from '../../../cluster/harness/free-port.ts';
import { until } from '../../../cluster/harness/until.ts';
import { startChannel } from './support/channel.ts';
import { Daprd, Metadata, status } from './support/daprd.ts';
import { callRaw, connectRaw, valuesOf } from './support/http2-daprd.ts';
import { Http2Pod } from './support/http2-pod.ts';
import { Pod, PodError, type Stream } from './support/pod.ts';

const chat = '/my.own.v1.Service/Chat';
const ask = '/my.own.v1.Service/Ask';

function echo(stream: Stream): void {
  stream.on('data', (message: Buffer) => stream.write(message));
  stream.on('end', () => stream.end());
}

/** All that a call brings, and how it ended. */
function collect(call: ReturnType<Daprd['stream']>) {
  const messages: Buffer[] = [];
  call.on('data', (message: Buffer) => messages.push(message));
  call.on('error', () => undefined);
  return new Promise<{ messages: Buffer[]; code: status; details: string; trailers: Metadata }>(
    (resolve) => {
      call.on('status', ({ code, details, metadata }) =>
        resolve({ messages, code, details, trailers: metadata }),
      );
    },
  );
}

describe('a call of a service that the function brings', () => {
  it('with one message either way comes through', async () => {
    const pod = await Pod.start({
      unary: {
        [ask]: (request, call) => {
          const trailers = new Metadata();
          trailers.set('x-said', call.metadata.get('x-say')[0] ?? '');
          return { message: request, trailers };
        },
      },
    });
    const { port, observed } = await startChannel({ endpoints: [pod.endpoint] });
    const metadata = new Metadata();
    metadata.set('x-say', 'hello');
    const question = Buffer.alloc(5 << 20, 'q');
    const outcome = await new Daprd(port).call(ask, question, metadata);
    expect(outcome.code).toBe(status.OK);
    expect(outcome.message?.equals(question)).toBe(true);
    expect(outcome.trailers.get('x-said')).toEqual(['hello']);
    expect(observed.ended).toEqual([{ input: 'invoke', outcome: 'success' }]);
  });

  it('ends in the error of the function, or in UNIMPLEMENTED', async () => {
    const pod = await Pod.start({
      unary: {
        [ask]: () => {
          throw new PodError(status.FAILED_PRECONDITION, 'not now');
        },
      },
    });
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    const daprd = new Daprd(port);
    expect(await daprd.call(ask, Buffer.alloc(1))).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: 'not now',
    });
    expect((await daprd.call(chat, Buffer.alloc(1))).code).toBe(status.UNIMPLEMENTED);
  });

  it('talks both ways at once, with one pod from the first to the last message', async () => {
    const servedBy: string[] = [];
    const pods = await Promise.all(
      ['one', 'two'].map((name) =>
        Pod.start({
          streams: {
            [chat]: (stream) => {
              servedBy.push(name);
              echo(stream);
            },
          },
        }),
      ),
    );
    const { port } = await startChannel({ endpoints: pods.map((pod) => pod.endpoint) });
    const call = new Daprd(port).stream(chat);
    const outcome = collect(call);
    for (let index = 0; index < 20; index += 1) {
      const answered = new Promise((resolve) => call.once('data', resolve));
      call.write(Buffer.from(`${index}`));
      expect(String(await answered)).toBe(`${index}`);
    }
    call.end();
    expect((await outcome).code).toBe(status.OK);
    expect(servedBy).toHaveLength(1);
  });

  it('is held back by whoever reads slowly, and comes through whole', async () => {
    const count = 400;
    const size = 128 * 1024;
    let held: Stream | undefined;
    const pod = await Pod.start({
      streams: {
        [chat]: (stream) => {
          held = stream;
        },
      },
    });
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    const call = new Daprd(port).stream(chat);
    let written = 0;
    const send = (): void => {
      while (written < count) {
        written += 1;
        if (!call.write(Buffer.alloc(size, written % 256))) {
          call.once('drain', send);
          return;
        }
      }
      call.end();
    };
    send();
    await until('the pod to be called', async () => held !== undefined);
    await untilSteady(() => written);
    // Nobody reads: what is under way fits into windows and buffers, far from all of it.
    expect(written).toBeLessThan(count);
    if (held !== undefined) echo(held);
    const { messages, code } = await collect(call);
    expect(code).toBe(status.OK);
    expect(messages).toHaveLength(count);
    expect(messages.every((message, index) => message[0] === (index + 1) % 256)).toBe(true);
    expect(messages.every((message) => message.length === size)).toBe(true);
  });

  it('is held back by a caller that reads slowly', async () => {
    const count = 400;
    let written = 0;
    const pod = await Pod.start({
      streams: {
        [chat]: (stream) => {
          const send = (): void => {
            while (written < count) {
              written += 1;
              if (!stream.write(Buffer.alloc(128 * 1024, written % 256))) {
                stream.once('drain', send);
                return;
              }
            }
            stream.end();
          };
          send();
        },
      },
    });
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    // Below gRPC, because grpc-js reads ahead of who asks it.
    const call = connectRaw(port).request([
      ...[':method', 'POST', ':path', chat, 'content-type', 'application/grpc'],
    ]);
    call.end();
    await until('the pod to be called', async () => written > 0);
    await untilSteady(() => written);
    expect(written).toBeLessThan(count);
    let received = 0;
    call.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    const trailers = await new Promise((resolve) => call.on('trailers', resolve));
    expect(trailers).toMatchObject({ 'grpc-status': '0' });
    expect(received).toBe(count * (prefixBytes + 128 * 1024));
  });

  it('is over when the pod says so, though the caller would go on', async () => {
    const pod = await Pod.start({
      streams: {
        [chat]: (stream) => {
          const trailers = new Metadata();
          trailers.set('x-why', 'enough');
          stream.once('data', () => {
            stream.write(Buffer.from('bye'));
            stream.end(trailers);
          });
        },
      },
    });
    const { port, dispatcher } = await startChannel({ endpoints: [pod.endpoint] });
    const call = new Daprd(port).stream(chat);
    call.write(Buffer.from('hello'));
    const { messages, code, trailers } = await collect(call);
    expect({ messages: messages.map(String), code }).toEqual({ messages: ['bye'], code: 0 });
    expect(trailers.get('x-why')).toEqual(['enough']);
    expect(dispatcher.inFlight).toBe(0);
  });

  it('is cancelled at the pod when the caller cancels', async () => {
    const cancelled = Promise.withResolvers<void>();
    const pod = await Pod.start({
      streams: {
        [chat]: (stream) => {
          stream.on('cancelled', () => cancelled.resolve());
          echo(stream);
        },
      },
    });
    const { port, observed } = await startChannel({ endpoints: [pod.endpoint] });
    const call = new Daprd(port).stream(chat);
    const outcome = collect(call);
    call.write(Buffer.from('hello'));
    await new Promise((resolve) => call.once('data', resolve));
    call.cancel();
    await cancelled.promise;
    expect((await outcome).code).toBe(status.CANCELLED);
    await until('the end of the delivery', async () => observed.ended.length > 0);
    expect(observed.ended).toEqual([{ input: 'invoke', outcome: 'cancelled' }]);
  });

  it('ends in UNAVAILABLE when the pod breaks off, after what it had said', async () => {
    const pod = await Pod.start({ streams: { [chat]: echo } });
    const { port, observed } = await startChannel({ endpoints: [pod.endpoint] });
    const call = new Daprd(port).stream(chat);
    const outcome = collect(call);
    call.write(Buffer.from('hello'));
    await new Promise((resolve) => call.once('data', resolve));
    pod.kill();
    const { messages, code, details } = await outcome;
    expect({ messages: messages.map(String), code }).toEqual({ messages: ['hello'], code: 14 });
    expect(details).toMatch(/^pod 127\.0\.0\.1:\d+ did not answer: /);
    expect(observed.ended).toEqual([{ input: 'invoke', outcome: 'lost' }]);
  });

  it('ends at its deadline', async () => {
    const { port } = await startChannel();
    const { headers } = await callRaw(connectRaw(port), ['grpc-timeout', '20m']);
    expect(valuesOf(headers, 'grpc-status')).toEqual(['4']);
  });
});

describe('a call that reached no pod', () => {
  const refuse = (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM);

  it('begins anew at another one, from its first byte', async () => {
    const [away, pod] = [await freePort(), await Pod.start({ streams: { [chat]: echo } })];
    const refusing = await Http2Pod.start((stream) => {
      stream.once('data', () => refuse(stream));
    });
    const { port, dispatcher, observed } = await startChannel({
      endpoints: [{ host: '127.0.0.1', port: away }, refusing.endpoint],
    });
    const call = new Daprd(port).stream(chat);
    const outcome = collect(call);
    call.write(Buffer.from('first'));
    await until('both to be tried', async () => observed.unreached.length >= 2);
    dispatcher.update([pod.endpoint]);
    call.write(Buffer.from('second'));
    call.end();
    const { messages, code } = await outcome;
    expect({ messages: messages.map(String), code }).toEqual({
      messages: ['first', 'second'],
      code: status.OK,
    });
  });

  it('is lost when more of it has gone than is kept', async () => {
    let received = 0;
    const refusing = await Http2Pod.start((stream) => {
      stream.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received > 100_000) refuse(stream);
      });
    });
    const { port, observed } = await startChannel({ endpoints: [refusing.endpoint] });
    const call = new Daprd(port).stream(chat);
    const outcome = collect(call);
    call.write(Buffer.alloc(200_000));
    expect((await outcome).code).toBe(status.UNAVAILABLE);
    expect(observed.ended).toEqual([{ input: 'invoke', outcome: 'lost' }]);
  });
});

/** Until a number has not changed for many turns of the event loop. */
async function untilSteady(measure: () => number): Promise<void> {
  for (let [last, turns] = [measure(), 0]; turns < 50; turns += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const now = measure();
    if (now !== last) [last, turns] = [now, 0];
  }
}

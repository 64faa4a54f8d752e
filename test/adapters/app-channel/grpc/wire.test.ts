import { constants } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppToken } from '../../../../src/adapters/app-channel/app-token.ts';
import { frameMessage } from '../../../../src/adapters/app-channel/grpc/framing.ts';
import { until } from '../../../cluster/harness/until.ts';
import { startChannel } from './support/channel.ts';
import { callBelowHttp2 } from './support/frames.ts';
import { callRaw, connectRaw, valuesOf } from './support/http2-daprd.ts';
import { answerOk, Http2Pod } from './support/http2-pod.ts';
import { topicEvent } from './support/messages.ts';

const callback = '/dapr.proto.runtime.v1.AppCallback';

const trailersOnly = [':status', '200', 'content-type', 'application/grpc', 'grpc-status', '10'];

describe('on the wire', () => {
  it('a pod gets headers as daprd sent them, but for those that say who is asked', async () => {
    const seen: (readonly string[])[] = [];
    const pod = await Http2Pod.start((stream, raw) => {
      seen.push(raw);
      answerOk(stream);
    });
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    const headers = ['te', 'trailers', 'traceparent', '1', 'traceparent', '2', 'a-bin', 'AA'];
    await callRaw(connectRaw(port), headers);
    const [received = []] = seen;
    expect(valuesOf(received, ':authority')).toEqual([`127.0.0.1:${pod.endpoint.port}`]);
    expect(valuesOf(received, ':path')).toEqual([`${callback}/OnTopicEvent`]);
    expect(received.slice(received.indexOf('te'))).toEqual(headers);
  });

  it('daprd gets headers, message and trailers as the pod sent them', async () => {
    const sent = ['content-type', 'application/grpc+proto', 'x', '1', 'x', '2', 'y-bin', 'AA'];
    const pod = await Http2Pod.start((stream) => {
      stream.resume();
      stream.respond([':status', '200', ...sent, 'date', 'today'], { waitForTrailers: true });
      stream.on('wantTrailers', () =>
        stream.sendTrailers({ 'grpc-status': '0', z: ['3', '4'], 'grpc-message': 'a%20b' }),
      );
      stream.end(frameMessage(Buffer.from('hi')));
    });
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    const { headers, body, trailers } = await callRaw(connectRaw(port));
    expect(headers).toEqual([':status', '200', ...sent, 'date', 'today']);
    expect(body).toEqual(frameMessage(Buffer.from('hi')));
    expect(trailers).toEqual(['grpc-status', '0', 'z', '3', 'z', '4', 'grpc-message', 'a%20b']);
  });

  it('an answer of trailers only stays one', async () => {
    const pod = await Http2Pod.start((stream) => {
      stream.resume();
      stream.respond([...trailersOnly, 'date', 'today'], { endStream: true });
    });
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    const answer = await callRaw(connectRaw(port));
    expect(answer).toMatchObject({ headers: [...trailersOnly, 'date', 'today'], trailers: [] });
    expect(answer.body).toHaveLength(0);
  });

  it('metadata may be twice as large as Node would have it, in a thousand pieces', async () => {
    const received: number[] = [];
    const many = Array.from({ length: 1000 }, (_, index) => [`x-${index}`, 'v'.repeat(60)]).flat();
    const pod = await Http2Pod.start(
      (stream, raw) => {
        received.push(raw.filter((_, index) => raw[index - 1]?.startsWith('x-')).length);
        stream.resume();
        stream.respond([...trailersOnly, ...many], { endStream: true });
      },
      {
        maxHeaderListPairs: 10_000,
        maxSendHeaderBlockLength: 1 << 20,
        settings: { maxHeaderListSize: 1 << 20 },
      },
    );
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    const { headers } = await callRaw(connectRaw(port), many);
    expect(received).toEqual([1000]);
    expect(valuesOf(headers, 'x-999')).toEqual(['v'.repeat(60)]);
  });

  it('headers that Node takes and does not send do no harm', async () => {
    const seen: (readonly string[])[] = [];
    const pod = await Http2Pod.start((stream, raw) => {
      seen.push(raw);
      answerOk(stream);
    });
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    const answer = await callBelowHttp2(port, [
      ['te', 'Trailers'],
      ['http2-settings', 'x'],
      ['user-agent', 'one'],
      ['user-agent', 'two'],
      ['x', 'y'],
    ]);
    expect(answer.length).toBeGreaterThan(0);
    const [received = []] = seen;
    expect(received).toContain('x');
    expect(valuesOf(received, 'user-agent')).toEqual(['one', 'two']);
    expect(received).not.toContain('te');
    expect(received).not.toContain('http2-settings');
  });

  it('what is no gRPC answer never becomes UNIMPLEMENTED on the way', async () => {
    const answers = [
      { ':status': 404, 'content-type': 'text/html' },
      { ':status': 503 },
      { ':status': 200 },
    ];
    // The page that comes with it never ends.
    const pod = await Http2Pod.start((stream) => {
      stream.resume();
      stream.respond(answers.shift());
      stream.write('not found');
    });
    const { port, observed } = await startChannel({ endpoints: [pod.endpoint] });
    const session = connectRaw(port);
    const codes: unknown[] = [];
    for (let call = 0; call < 3; call += 1) {
      const { headers } = await callRaw(session);
      codes.push(valuesOf(headers, 'grpc-status')[0]);
    }
    expect(codes).toEqual(['14', '14', '2']);
    expect(observed.lossPrevented).toHaveLength(1);
  });

  it('a request that is not one message goes to no pod', async () => {
    const { port, observed } = await startChannel();
    const session = connectRaw(port);
    for (const body of [
      Buffer.alloc(0),
      Buffer.alloc(3),
      frameMessage(topicEvent('a')).subarray(1),
    ]) {
      const { headers } = await callRaw(session, [], body);
      expect(valuesOf(headers, 'grpc-status')).toEqual(['13']);
    }
    expect(observed.ended).toEqual([]);
  });

  it('what is not gRPC at all is answered with 415', async () => {
    const { port } = await startChannel();
    const stream = connectRaw(port).request({ ':method': 'GET', ':path': '/healthz' });
    stream.resume();
    const status = await new Promise((resolve) => {
      stream.on('response', (headers) => resolve(headers[':status']));
    });
    expect(status).toBe(415);
  });
});

describe('a caller that does not stop sending', () => {
  it('is told to once it has its answer', async () => {
    const pod = await Http2Pod.start(answerOk);
    const limits = { maxMessageBytes: 1000 };
    const { port } = await startChannel({ endpoints: [pod.endpoint], limits });
    const session = connectRaw(port);
    for (const [path, status] of [
      [`${callback}/OnTopicEvent`, '8'],
      ['/my.Service/Call', '0'],
    ]) {
      const stream = session.request([
        ...[':method', 'POST', ':path', path ?? '', 'content-type', 'application/grpc'],
      ]);
      const statuses: unknown[] = [];
      stream.on('response', (headers) => statuses.push(headers['grpc-status']));
      stream.on('trailers', (trailers) => statuses.push(trailers['grpc-status']));
      stream.resume();
      stream.write(frameMessage(Buffer.alloc(2000)));
      await new Promise((resolve) => stream.on('close', resolve));
      expect(statuses).toContain(status);
      expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    }
  });
});

describe('the token', () => {
  const paths = [
    'OnTopicEvent',
    'OnBulkTopicEvent',
    'OnBindingEvent',
    'OnInvoke',
    'OnJobEvent',
  ].map((method) => `${callback}/${method}`);

  async function codesOf(token: AppToken, calls: readonly string[], given: readonly string[]) {
    const pod = await Http2Pod.start(answerOk);
    const { port } = await startChannel({ endpoints: [pod.endpoint], token });
    const session = connectRaw(port);
    const codes: unknown[] = [];
    for (const path of calls) {
      const stream = session.request([
        ...[':method', 'POST', ':path', path, 'content-type', 'application/grpc'],
        ...given,
      ]);
      stream.end(frameMessage(topicEvent('a')));
      stream.resume();
      const [headers, trailers] = await new Promise<(readonly string[])[]>((resolve) => {
        let first: readonly string[] = [];
        stream.on('response', (_headers, _flags, raw) => {
          first = raw;
        });
        stream.on('trailers', (_trailers, _flags, raw) => resolve([first, raw]));
        stream.on('end', () => resolve([first, []]));
      });
      codes.push(valuesOf([...(headers ?? []), ...(trailers ?? [])], 'grpc-status')[0]);
    }
    return codes;
  }

  it('is needed for everything that goes to a pod', async () => {
    const token = new AppToken('secret', true);
    const calls = [...paths, '/my.Service/Call'];
    const header = 'dapr-api-token';
    expect(await codesOf(token, calls, [])).toEqual(calls.map(() => '16'));
    expect(await codesOf(token, calls, [header, 'wrong'])).toEqual(calls.map(() => '16'));
    expect(await codesOf(token, calls, [header, 'secret'])).toEqual(calls.map(() => '0'));
  });

  it('is needed for invocations alone where daprd sends it with nothing else', async () => {
    const codes = await codesOf(new AppToken('secret', false), paths, []);
    expect(codes).toEqual(['0', '0', '0', '16', '0']);
  });

  it('is not needed for what daprd asks without it', async () => {
    const asked = [
      `${callback}/ListTopicSubscriptions`,
      `${callback}/ListInputBindings`,
      '/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck',
    ];
    expect(await codesOf(new AppToken('secret', true), asked, [])).toEqual(['0', '0', '0']);
  });
});

describe('the app port', () => {
  function connectAndClose(port: number, bytes: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket: Socket = connectTcp(port, '127.0.0.1', () => socket.end(bytes));
      socket.resume();
      socket.on('close', () => resolve());
      socket.on('error', reject);
    });
  }

  it('takes connections that ask nothing, as daprd makes them to see whether it is there', async () => {
    const { port, channel } = await startChannel();
    for (let time = 0; time < 20; time += 1) await connectAndClose(port, '');
    await until('all connections to end', async () => channel.connections === 0);
    expect(channel.wasCalled).toBe(false);
  });

  it('outlives what is not HTTP/2', async () => {
    const { port, channel } = await startChannel();
    await connectAndClose(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await until('the connection to end', async () => channel.connections === 0);
    expect((await callRaw(connectRaw(port), [], Buffer.alloc(0))).headers).toContain('13');
  });

  it('tells its connections apart from calls, and is refused to a second listener', async () => {
    const { port, channel } = await startChannel();
    const socket = connectTcp(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await until('the connection', async () => channel.connections === 1);
    expect(channel.wasCalled).toBe(false);
    await expect(startChannel({ port })).rejects.toThrow('EADDRINUSE');
  });
});

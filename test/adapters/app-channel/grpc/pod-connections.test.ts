import { constants, type ServerHttp2Stream } from 'node:http2';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HostAndPort } from '../../../../src/rules/delivery/read-endpoint.ts';
import { freePort } from '../../../cluster/harness/free-port.ts';
import { until } from '../../../cluster/harness/until.ts';
import { startChannel } from './support/channel.ts';
import { Daprd, status, topicEventPath } from './support/daprd.ts';
import { FrameType, frame, framesOf, preface } from './support/frames.ts';
import { answerOk, Http2Pod } from './support/http2-pod.ts';
import { topicEvent } from './support/messages.ts';
import { Pod, Tally } from './support/pod.ts';

/** A port that takes connections and does with them what the test says. */
async function listenTcp(handle: (socket: Socket) => void): Promise<HostAndPort> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { host: '127.0.0.1', port: address.port };
}

/** Serves HTTP/2 until the first request, of which it says that it looked at none (RFC 9113, 6.8). */
function sayGoaway(socket: Socket, code: number): void {
  socket.write(frame(FrameType.settings, Buffer.alloc(0)));
  let received = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    for (const { type } of framesOf(received.subarray(preface.length))) {
      if (type !== FrameType.headers) continue;
      socket.write(frame(FrameType.goaway, Buffer.from([0, 0, 0, 0, 0, 0, 0, code])));
      return;
    }
  });
}

describe('an event that certainly reached no pod goes to another', () => {
  async function expectElsewhere(broken: HostAndPort, cause: RegExp) {
    const tally = new Tally();
    const pod = await Pod.start(tally.calls());
    const { port, dispatcher, observed } = await startChannel({
      endpoints: [broken],
      limits: { connectTimeoutMs: 300 },
    });
    const call = new Daprd(port).call(topicEventPath, topicEvent('a'));
    await until('the broken pod to be tried', async () => observed.unreached.length > 0);
    dispatcher.update([broken, pod.endpoint]);
    expect((await call).code).toBe(status.OK);
    expect([...tally.finished]).toEqual([['a', 1]]);
    expect(observed.unreached[0]?.cause).toMatch(cause);
  }

  it('when nothing listens', async () => {
    await expectElsewhere({ host: '127.0.0.1', port: await freePort() }, /ECONNREFUSED/);
  });

  it('when nothing listens at any of its addresses', async () => {
    await expectElsewhere({ host: 'localhost', port: await freePort() }, /ECONNREFUSED/);
  });

  it('when the port takes connections and nobody is there to serve them', async () => {
    const silent = await listenTcp((socket) => socket.resume());
    await expectElsewhere(silent, /no HTTP\/2 connection within 300 ms/);
  });

  it('when the connection is broken before HTTP/2 came about', async () => {
    const rude = await listenTcp((socket) => socket.resetAndDestroy());
    await expectElsewhere(rude, /ECONNRESET|closed/);
  });

  it('when it is not HTTP/2 that is spoken there', async () => {
    const http1 = await listenTcp((socket) => {
      socket.resume();
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await expectElsewhere(http1, /Protocol error|closed|within/);
  });

  it('when the stream is refused', async () => {
    const refusing = await Http2Pod.start((stream) => {
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    });
    await expectElsewhere(refusing.endpoint, /REFUSED_STREAM/);
  });

  it('when a GOAWAY says that it was not looked at', async () => {
    const leaving = await listenTcp((socket) => sayGoaway(socket, constants.NGHTTP2_NO_ERROR));
    await expectElsewhere(leaving, /REFUSED_STREAM|GOAWAY|closed/);
  });

  it('when a GOAWAY with an error says so', async () => {
    const code = constants.NGHTTP2_ENHANCE_YOUR_CALM;
    const leaving = await listenTcp((socket) => sayGoaway(socket, code));
    await expectElsewhere(leaving, /code 11/);
  });
});

describe('an event that a pod may have worked on is not repeated', () => {
  async function expectLost(handle: (stream: ServerHttp2Stream) => void, details: RegExp) {
    const seen: number[] = [];
    const calls = (stream: ServerHttp2Stream) => {
      seen.push(stream.id ?? 0);
      handle(stream);
    };
    const pods = await Promise.all([Http2Pod.start(calls), Http2Pod.start(calls)]);
    const { port, observed } = await startChannel({ endpoints: pods.map((pod) => pod.endpoint) });
    const outcome = await new Daprd(port).call(topicEventPath, topicEvent('a'));
    expect(outcome.code).toBe(status.UNAVAILABLE);
    expect(outcome.details).toMatch(details);
    expect(observed.ended).toEqual([{ input: 'bus', outcome: 'lost' }]);
    expect(seen).toHaveLength(1);
  }

  it('when its stream is reset', async () => {
    await expectLost(
      (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
      /^pod 127\.0\.0\.1:\d+ did not answer: the pod reset the stream \(INTERNAL_ERROR\)$/,
    );
  });

  it('when the connection breaks', async () => {
    await expectLost((stream) => stream.session?.destroy(), /did not answer/);
  });

  it('when it was refused after it had begun to be answered', async () => {
    await expectLost((stream) => {
      stream.respond({ 'content-type': 'application/grpc' });
      stream.write(Buffer.alloc(3), () => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    }, /REFUSED_STREAM/);
  });

  it('when a GOAWAY that does not exclude it ends the connection', async () => {
    await expectLost((stream) => {
      stream.session?.goaway(constants.NGHTTP2_INTERNAL_ERROR, stream.id);
    }, /did not answer/);
  });
});

describe('a pod that does not answer', () => {
  it('is given up after the time that is set for it', async () => {
    const reset = Promise.withResolvers<number | undefined>();
    const pod = await Http2Pod.start((stream) => {
      stream.on('close', () => reset.resolve(stream.rstCode));
    });
    const limits = { responseTimeoutMs: 50 };
    const { port } = await startChannel({ endpoints: [pod.endpoint], limits });
    expect(await new Daprd(port).call(topicEventPath, topicEvent('a'))).toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining('no answer within 50 ms'),
    });
    expect(await reset.promise).toBe(constants.NGHTTP2_CANCEL);
  });
});

const events = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

describe('connections to a pod', () => {
  it('are one for all events', async () => {
    const pod = await Http2Pod.start(answerOk);
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    const daprd = new Daprd(port);
    await Promise.all(events(300).map((id) => daprd.call(topicEventPath, topicEvent(id))));
    await daprd.call(topicEventPath, topicEvent('last'));
    expect(pod.sessionsEver).toBe(1);
  });

  it('are as many as its limit of streams makes necessary, and one when all is done', async () => {
    const open: ServerHttp2Stream[] = [];
    const pod = await Http2Pod.start((stream) => void open.push(stream), {
      settings: { maxConcurrentStreams: 10 },
    });
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    const daprd = new Daprd(port);
    const calls = events(35).map((id) => daprd.call(topicEventPath, topicEvent(id)));
    await until('all events to arrive', async () => open.length === 35);
    expect(pod.sessions.size).toBe(4);
    for (const stream of open) answerOk(stream);
    for (const call of calls) expect((await call).code).toBe(status.OK);
    await until('the others to close', async () => pod.sessions.size === 1);
  });

  it('make way for a new one when the pod says that it goes away', async () => {
    const open: ServerHttp2Stream[] = [];
    const pod = await Http2Pod.start((stream) => {
      open.push(stream);
      if (open.length === 1) stream.session?.close();
      else answerOk(stream);
    });
    const { port } = await startChannel({ endpoints: [pod.endpoint] });
    const daprd = new Daprd(port);
    const first = daprd.call(topicEventPath, topicEvent('first'));
    await until('the first event', async () => open.length === 1);
    await until('its connection to say goodbye', async () => {
      expect((await daprd.call(topicEventPath, topicEvent('next'))).code).toBe(status.OK);
      return pod.sessionsEver === 2;
    });
    const [waiting] = open;
    if (waiting !== undefined) answerOk(waiting);
    expect((await first).code).toBe(status.OK);
  });

  it('close when the pod has gone and nothing is in flight', async () => {
    const open: ServerHttp2Stream[] = [];
    const pod = await Http2Pod.start((stream) => void open.push(stream));
    const { port, dispatcher } = await startChannel({ endpoints: [pod.endpoint] });
    const call = new Daprd(port).call(topicEventPath, topicEvent('a'));
    await until('the event to arrive', async () => open.length === 1);
    const [stream] = open;
    const pinged = new Promise((resolve) => stream?.session?.on('ping', resolve));
    dispatcher.update([]);
    // It may have gone with its node, and its answer never come.
    await pinged;
    if (stream !== undefined) answerOk(stream);
    expect((await call).code).toBe(status.OK);
    await until('the connection to close', async () => pod.sessions.size === 0);
  });

  it('close when the channel does, also those to pods that are gone', async () => {
    const seen: ServerHttp2Stream[] = [];
    const keep = (stream: ServerHttp2Stream) => void seen.push(stream);
    const pods = await Promise.all([Http2Pod.start(keep), Http2Pod.start(keep)]);
    const [first, second] = pods.map((pod) => pod.endpoint) as [HostAndPort, HostAndPort];
    const { port, channel, dispatcher } = await startChannel({ endpoints: [first] });
    const daprd = new Daprd(port);
    const calls = [daprd.call(topicEventPath, topicEvent('a'))];
    await until('the first event', async () => seen.length === 1);
    dispatcher.update([second]);
    calls.push(daprd.call(topicEventPath, topicEvent('b')));
    await until('the second event', async () => seen.length === 2);
    await channel.close();
    expect(channel.connections).toBe(0);
    await until('all to close', async () => pods.every((pod) => pod.sessions.size === 0));
    for (const call of calls) {
      expect(await call).toMatchObject({
        code: status.UNAVAILABLE,
        details: expect.stringMatching(/^pod .* did not answer: the proxy ends$/),
      });
    }
  });
});

describe('the channel when it closes', () => {
  it('lets out what it answered last', async () => {
    const { port, channel, dispatcher } = await startChannel();
    const daprd = new Daprd(port);
    const calls = events(100).map((id) => daprd.call(topicEventPath, topicEvent(id)));
    await until('all to wait', async () => dispatcher.waiting === 100);
    dispatcher.refuseNew();
    await channel.close();
    const outcomes = await Promise.all(calls);
    expect(new Set(outcomes.map(({ details }) => details))).toEqual(
      new Set(['the proxy is about to end']),
    );
  });

  it('does not wait for connections on which nothing is asked', async () => {
    const { port, channel } = await startChannel();
    const socket = connectTcp(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    await until('the connection', async () => channel.connections === 1);
    await channel.close();
    expect(channel.connections).toBe(0);
  });
});

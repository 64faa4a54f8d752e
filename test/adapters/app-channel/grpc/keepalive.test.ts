import type { ClientHttp2Stream } from 'node:http2';
import { createConnection, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { requestHeaders } from '../../../../src/adapters/app-channel/grpc/metadata.ts';
import {
  PodSession,
  type SessionKeeper,
} from '../../../../src/adapters/app-channel/grpc/pod-session.ts';
import { Keepalive, type Ping } from '../../../../src/adapters/app-channel/keepalive.ts';
import type { HostAndPort } from '../../../../src/rules/delivery/read-endpoint.ts';
import { until } from '../../../cluster/harness/until.ts';
import { topicEventPath } from './support/daprd.ts';
import { Http2Pod } from './support/http2-pod.ts';

/** A way to a pod that can be made to swallow everything, as a node does that is gone. */
async function relayTo(pod: HostAndPort) {
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = createConnection(pod);
    sockets.push(near, far);
    near.on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => near.write(chunk));
    for (const socket of [near, far]) socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const endpoint = { host: '127.0.0.1', port: address.port, name: `127.0.0.1:${address.port}` };
  const swallow = () => {
    for (const socket of sockets) {
      socket.removeAllListeners('data');
      socket.resume();
    }
  };
  return { endpoint, swallow };
}

async function openSession(endpoint: HostAndPort & { name: string }, pingsApartMs: number) {
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<string>();
  const keeper: SessionKeeper = {
    hasRoom: () => opened.resolve(),
    leaves: () => undefined,
    closed: (_session, cause) => closed.resolve(cause),
  };
  const times = { silenceMs: 20, pingsApartMs, pingTimeoutMs: 200 };
  const session = new PodSession(endpoint, 5_000, keeper, times);
  onTestFinished(() => session.close());
  await opened.promise;
  const request = (): ClientHttp2Stream => {
    const headers = [':method', 'POST', ':path', topicEventPath, ':scheme', 'http'];
    const stream = session.request(requestHeaders(headers, endpoint.name, undefined));
    stream.on('error', () => undefined);
    stream.end();
    return stream;
  };
  return { session, closed: closed.promise, request };
}

/** A pod that keeps its streams, and counts the PINGs it gets. */
async function startPod() {
  const seen = { pings: 0, streams: 0 };
  const pod = await Http2Pod.start(() => {
    seen.streams += 1;
  });
  return { pod, seen };
}

describe('a pod that vanishes without a word', () => {
  it('is noticed while something waits for its answer', async () => {
    const { pod, seen } = await startPod();
    const { endpoint, swallow } = await relayTo(pod.endpoint);
    const { closed, request, session } = await openSession(endpoint, 50);
    const stream = request();
    await until('the request to arrive', async () => seen.streams === 1);
    swallow();
    expect(await closed).toBe('no answer to a PING');
    expect(session.explain(stream)).toBe('no answer to a PING');
    expect(session.sawNothingOf(stream)).toBe(false);
  });

  it('is noticed when its endpoint goes, though it was asked not long ago', async () => {
    const { pod, seen } = await startPod();
    const { endpoint, swallow } = await relayTo(pod.endpoint);
    const { closed, request, session } = await openSession(endpoint, 3_600_000);
    request();
    await until('the request to arrive', async () => seen.streams === 1);
    swallow();
    session.probe();
    session.leave();
    expect(await closed).toBe('no answer to a PING');
  });
});

describe('a pod that takes its time', () => {
  const times = { silenceMs: 20_000, pingsApartMs: 310_000, pingTimeoutMs: 20_000 };

  /** With a clock that the test moves, and a pod that answers every PING. */
  function watch() {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const seen = { pingedAt: [] as number[], hasVanished: false, isAwaited: true };
    const ping: Ping = (answered) => {
      seen.pingedAt.push(performance.now());
      answered(null);
    };
    const startedAt = performance.now();
    const keepalive = new Keepalive(
      ping,
      times,
      () => seen.isAwaited,
      () => {
        seen.hasVanished = true;
      },
    );
    keepalive.start();
    onTestFinished(() => keepalive.stop());
    const pingedAfter = () => seen.pingedAt.map((at) => Math.round((at - startedAt) / 1000));
    return { keepalive, seen, pingedAfter };
  }

  it('is not asked more often than gRPC servers bear', () => {
    const { seen, pingedAfter } = watch();
    vi.advanceTimersByTime(1_000_000);
    expect(pingedAfter()).toEqual([40, 360, 680, 1000]);
    expect(seen.hasVanished).toBe(false);
  });

  it('is asked soon again after it was heard', () => {
    const { keepalive, pingedAfter } = watch();
    vi.advanceTimersByTime(50_000);
    keepalive.heard();
    vi.advanceTimersByTime(50_000);
    expect(pingedAfter()).toEqual([40, 80]);
  });

  it('is not asked at all while nobody waits for it', () => {
    const { seen } = watch();
    seen.isAwaited = false;
    vi.advanceTimersByTime(1_000_000);
    expect(seen.pingedAt).toEqual([]);
    seen.isAwaited = true;
    vi.advanceTimersByTime(20_000);
    expect(seen.pingedAt).toHaveLength(1);
  });
});

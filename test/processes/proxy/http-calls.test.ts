import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { until } from '../../adapters/kubernetes/until.ts';
import { HttpPod, type HttpPodOptions } from '../../support/http-pod.ts';
import { orders, ordersPath, TestProxy } from '../../support/running-proxy.ts';

async function behind(options: HttpPodOptions, settings = {}) {
  const pod = await HttpPod.start(options);
  const proxy = await TestProxy.before([pod], settings);
  return { pod, proxy };
}

describe('what daprd asks at its start', () => {
  it('is answered while there is no pod', async () => {
    const proxy = await TestProxy.start({
      pods: { kind: 'fixed', endpoints: [] },
      inputs: { ...orders, topics: [...orders.topics, { pubsub: 'bus', topic: 'eu/refunds' }] },
    });
    const subscribe = await proxy.ask('/dapr/subscribe', { method: 'GET' });
    expect([subscribe.status, JSON.parse(subscribe.body)]).toEqual([
      200,
      [
        { pubsubname: 'bus', topic: 'orders', route: ordersPath },
        { pubsubname: 'bus', topic: 'eu/refunds', route: '/openfunction/topics/bus/eu_2Frefunds' },
      ],
    ]);
    expect(subscribe.headers['content-type']).toBe('application/json');
    const config = await proxy.ask('/dapr/config', { method: 'GET' });
    expect([config.status, config.body]).toEqual([200, '{}']);
    const statuses = ['/cron', '/elsewhere'].map(async (path) => {
      return (await proxy.ask(path, { method: 'OPTIONS' })).status;
    });
    expect(await Promise.all(statuses)).toEqual([200, 404]);
    expect((await proxy.ask('/healthz', { method: 'GET' })).status).toBe(200);
  });

  it('begins with a connection on which nothing is said', async () => {
    const { proxy } = await behind({});
    for (let count = 0; count < 3; count += 1) {
      const socket = connect(proxy.running.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.destroy();
    }
    expect((await proxy.event('1')).status).toBe(200);
  });
});

describe('an event', () => {
  it('reaches the pod byte for byte, with its headers, and so does the answer', async () => {
    const answered = Buffer.from([0, 255, 128, 10, 13]);
    const { pod, proxy } = await behind({
      handler: (_request, response) => {
        response.writeHead(200, ['X-Answer', 'é', 'X-Twice', '1', 'X-Twice', '2']);
        response.end(answered);
      },
    });
    const body = Buffer.from([0, 1, 255, 254, 13, 10, 34]);
    const headers = {
      'Content-Type': 'application/cloudevents+json',
      'X-Meta': ['a', 'b'],
      traceparent: '00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01',
      'x-latin': 'caf\u00c3\u00a9',
      connection: 'x-hop',
      'x-hop': '1',
      te: 'trailers',
    };
    const answer = await proxy.ask(`${ordersPath}?a=%20b`, { body, headers });
    expect(pod.requests).toHaveLength(1);
    const [got] = pod.requests;
    expect(got).toMatchObject({ method: 'POST', url: '/orders?a=%20b', body });
    expect(got?.rawHeaders).toEqual([
      ...['host', pod.name, 'Content-Type', 'application/cloudevents+json'],
      ...['X-Meta', 'a', 'X-Meta', 'b', 'traceparent', headers.traceparent],
      ...['x-latin', headers['x-latin'], 'content-length', String(body.length)],
    ]);
    expect(answer).toMatchObject({ status: 200, headers: { 'x-answer': 'é', 'x-twice': '1, 2' } });
    expect(answer.headers).toMatchObject({ 'content-length': String(answered.length) });
  });

  it('in chunks reaches the pod with a length', async () => {
    const { pod, proxy } = await behind({});
    const socket = connect(proxy.running.port, '127.0.0.1');
    socket.write(
      `POST /cron HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
    expect(pod.requests[0]?.body.toString()).toBe('abcde');
    expect(pod.requests[0]?.headers).toMatchObject({ 'content-length': '5' });
    expect(pod.requests[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  it('without a body reaches the pod as such', async () => {
    const { pod, proxy } = await behind({});
    expect((await proxy.ask('/cron')).status).toBe(200);
    expect(pod.requests[0]?.headers).toMatchObject({ 'content-length': '0' });
  });

  it('comes back with whatever the pod says', async () => {
    const { pod, proxy } = await behind({});
    const said: readonly (readonly [status: number, body: string, outcome: string])[] = [
      [200, '{"status":"SUCCESS"}', 'success'],
      [200, '{"status":"RETRY"}', 'retry'],
      [200, '{"status":"DROP"}', 'drop'],
      [201, 'anything', 'success'],
      [303, '', 'error'],
      [500, 'broken', 'error'],
      [503, '', 'error'],
    ];
    const expected: Record<string, number> = {};
    for (const [status, body, outcome] of said) {
      pod.handler = (_request, response) => void response.writeHead(status).end(body);
      expect(await proxy.event('x')).toMatchObject({ status, body });
      expected[outcome] = (expected[outcome] ?? 0) + 1;
    }
    for (const [outcome, count] of Object.entries(expected)) {
      const labels = ['input="bus"', `outcome="${outcome}"`, `endpoint="${pod.name}"`];
      expect(await proxy.metric('baas_proxy_events_total', ...labels)).toBe(count);
    }
    expect(pod.requests).toHaveLength(said.length);
  });

  it('that the pod knows no path for is not forgotten', async () => {
    const notFound: HttpPodOptions['handler'] = (_request, response) =>
      void response.writeHead(404).end();
    const { pod, proxy } = await behind({ handler: notFound });
    const bulk = JSON.stringify({ type: 'com.dapr.event.sent.bulk', entries: [] });
    const json = { 'content-type': 'application/json' };
    const events = { 'content-type': 'application/cloudevents+json' };
    const asked: readonly (readonly [
      path: string,
      headers: Record<string, string>,
      body: string,
    ])[] = [
      [ordersPath, events, '{}'],
      [ordersPath, json, bulk],
      ['/declared', events, '{}'],
      ['/declared', json, bulk],
    ];
    for (const [path, headers, body] of asked) {
      const answer = await proxy.ask(path, { headers, body });
      expect([answer.status, answer.body]).toEqual([503, expect.stringContaining(pod.name)]);
    }
    expect(await proxy.metric('baas_proxy_losses_prevented_total', 'input="bus"')).toBe(2);
    expect(await proxy.metric('baas_proxy_losses_prevented_total', 'input="other"')).toBe(2);
    // Elsewhere 404 is what it says.
    expect((await proxy.ask('/cron')).status).toBe(404);
    expect((await proxy.ask('/hello', { headers: json, body: '{}' })).status).toBe(404);
  });

  it('of a binding succeeds with 200 exactly', async () => {
    const { pod, proxy } = await behind({});
    for (const [status, expected] of [
      [200, 200],
      [201, 200],
      [204, 200],
      [500, 500],
    ] as const) {
      pod.handler = (_request, response) => void response.writeHead(status).end();
      expect((await proxy.ask('/cron')).status).toBe(expected);
    }
  });

  it('comes back with headers that daprd can read, however many the pod sends', async () => {
    const { proxy } = await behind({
      handler: (_request, response) => {
        for (let number = 0; number < 100; number += 1) {
          response.setHeader(`x-header-${number}`, 'x'.repeat(100));
        }
        response.setHeader('content-type', 'application/json').end('{"status":"DROP"}');
      },
    });
    const answer = await proxy.event('x');
    expect(answer.body).toBe('{"status":"DROP"}');
    expect(Object.keys(answer.headers).sort()).toEqual(['content-length', 'content-type']);
  });

  it('of 4 MiB reaches the pod, and so does an answer of 4 MiB', async () => {
    const big = Buffer.alloc(4 * 1024 ** 2, 'x');
    const { pod, proxy } = await behind({
      handler: (_request, response) => void response.end(big),
    });
    const answers = await Promise.all([1, 2, 3, 4].map(() => proxy.ask('/cron', { body: big })));
    for (const answer of answers) expect(answer.body.length).toBe(big.length);
    for (const { body } of pod.requests) expect(body.equals(big)).toBe(true);
  });

  it('larger than the limit is refused, and so is such an answer', async () => {
    const { pod, proxy } = await behind({}, { maxMessageSize: 1000 });
    await expect(
      proxy.ask('/cron', { body: 'x'.repeat(1001) }).then(({ status }) => status),
    ).resolves.toBe(413);
    expect(pod.requests).toHaveLength(0);
    pod.handler = (_request, response) => void response.end('x'.repeat(1001));
    const answer = await proxy.ask('/cron');
    expect([answer.status, answer.body]).toEqual([503, expect.stringContaining('1000 bytes')]);
  });
});

describe('an invocation', () => {
  it('is passed on with method, path and query, and comes back as it is', async () => {
    const { pod, proxy } = await behind({
      handler: ({ method, url }, response) =>
        void response.writeHead(418, { 'x-seen': `${method} ${url}` }).end(),
    });
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'POST']) {
      const answer = await proxy.ask('/a/b?c=d%2F', {
        method,
        headers: { 'dapr-caller-app-id': 'x' },
      });
      expect(answer).toMatchObject({ status: 418, headers: { 'x-seen': `${method} /a/b?c=d%2F` } });
    }
    expect(pod.requests).toHaveLength(7);
    expect(await proxy.metric('baas_proxy_events_total', 'input="invoke"')).toBe(7);
  });

  it('with HEAD is told how long the answer would be', async () => {
    const { proxy } = await behind({
      handler: (_request, response) => void response.writeHead(200, { 'content-length': 5 }).end(),
    });
    const headers = { 'dapr-caller-app-id': 'x' };
    const answer = await proxy.ask('/a', { method: 'HEAD', headers });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-length': '5' }, body: '' });
  });

  it('of a sync Function is passed on where pods are known, else answered at once', async () => {
    const inputs = { ...orders, kind: 'sync', topics: [], bindings: [] } as const;
    const { proxy } = await behind({}, { inputs });
    expect((await proxy.ask('/hello')).status).toBe(200);
    const alone = await TestProxy.start({ inputs, pods: { kind: 'none' } });
    const answer = await alone.ask('/hello');
    expect([answer.status, answer.body]).toEqual([
      503,
      expect.stringMatching(/no endpoints are configured/),
    ]);
    expect(JSON.parse((await alone.ask('/dapr/subscribe', { method: 'GET' })).body)).toEqual([]);
  });
});

describe('the token of the app', () => {
  it('is asked for wherever daprd sends it over HTTP, and passed on', async () => {
    const { pod, proxy } = await behind({ subscriptions: [] }, { token: 'secret' });
    const paths = [
      ['GET', '/dapr/subscribe'],
      ['GET', '/dapr/config'],
      ['OPTIONS', '/cron'],
      ['POST', '/cron'],
      ['POST', ordersPath],
      ['GET', '/hello'],
    ] as const;
    for (const [method, path] of paths) {
      for (const token of [undefined, 'wrong']) {
        const headers = token === undefined ? {} : { 'dapr-api-token': token };
        expect((await proxy.ask(path, { method, headers })).status, path).toBe(401);
      }
    }
    expect(pod.requests).toHaveLength(0);
    expect((await proxy.ask('/healthz', { method: 'GET' })).status).toBe(200);
    const headers = { 'dapr-api-token': 'secret' };
    expect((await proxy.ask('/cron', { headers })).status).toBe(200);
    expect(pod.requests[0]?.headers).toMatchObject(headers);
  });
});

describe('a connection from daprd', () => {
  async function converse(port: number, said: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    socket.write(said);
    return text(socket);
  }

  it('carries requests that came together, each answered in its turn', async () => {
    const { pod, proxy } = await behind({
      handler: ({ url }, response) => void response.end(`path ${url}`),
    });
    const one = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${more}\r\n`;
    const said = one('/1') + one('/2') + one('/3', 'connection: close\r\n');
    const heard = await converse(proxy.running.port, said);
    expect(heard.match(/path ../g)).toEqual(['path /1', 'path /2', 'path /3']);
    expect(pod.requests.map(({ url }) => url)).toEqual(['/1', '/2', '/3']);
  });

  it('is told to go on where it asks', async () => {
    const { proxy } = await behind({});
    const socket = connect(proxy.running.port, '127.0.0.1');
    socket.write(
      'POST /cron HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\nconnection: close\r\n\r\n',
    );
    const [first] = await once(socket, 'data');
    expect(String(first)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('{}');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('is closed with 400 when it does not speak HTTP/1', async () => {
    const { proxy } = await behind({});
    for (const said of [
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'hello\r\n\r\n',
      'GET http://x/ HTTP/1.1\r\n\r\n',
    ]) {
      expect(await converse(proxy.running.port, said)).toMatch(
        /^HTTP\/1\.1 400 .*connection: close/s,
      );
    }
    expect((await proxy.event('1')).status).toBe(200);
  });

  it('that goes away takes what it asked along', async () => {
    let aborted = 0;
    const { pod, proxy } = await behind({
      handler: (_request, response) => {
        response.once('close', () => {
          aborted += 1;
        });
      },
    });
    const going = new AbortController();
    const asked = proxy.event('1', { signal: going.signal });
    await until(() => expect(pod.requests).toHaveLength(1));
    going.abort();
    await expect(asked).rejects.toThrow();
    await until(async () => {
      expect(aborted).toBe(1);
      expect(await proxy.pending()).toEqual({ pending: 0, waiting: 0, inFlight: 0 });
    });
    expect(await proxy.metric('baas_proxy_events_total', 'outcome="cancelled"')).toBe(1);
  });

  it('that goes away while its event waits takes that out of the room', async () => {
    const proxy = await TestProxy.start({ pods: { kind: 'fixed', endpoints: [] } });
    const going = new AbortController();
    const asked = [1, 2, 3].map((id) => proxy.event(String(id), { signal: going.signal }));
    await until(async () => expect((await proxy.pending()).waiting).toBe(3));
    going.abort();
    await Promise.allSettled(asked);
    await until(async () => expect((await proxy.pending()).waiting).toBe(0));
    expect(await proxy.metric('baas_proxy_waiting_bytes')).toBe(0);
  });
});

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../adapters/kubernetes/until.ts';
import { HttpPod, succeed } from '../../support/http-pod.ts';
import { NameServer } from '../../support/name-server.ts';
import { type Answer, ordersPath, TestProxy } from '../../support/running-proxy.ts';

/** Ids of events. */
function range(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** How often each id is there. */
function counts(ids: readonly string[]): Map<string, number> {
  const byId = new Map<string, number>();
  for (const id of ids) byId.set(id, (byId.get(id) ?? 0) + 1);
  return byId;
}

/**
 * Sends events one after another over some connections, so many at a time, until told
 * to stop, and keeps what became of each.
 */
class Load {
  readonly statuses = new Map<string, number>();
  readonly #proxy: TestProxy;
  readonly #senders: Promise<void>[];
  #next = 0;
  #isStopped = false;

  constructor(proxy: TestProxy, concurrency: number) {
    this.#proxy = proxy;
    this.#senders = range(concurrency).map(() => this.#send());
  }

  get acknowledged(): string[] {
    return [...this.statuses].filter(([, status]) => status === 200).map(([id]) => id);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#senders);
  }

  async #send(): Promise<void> {
    while (!this.#isStopped) {
      const id = String(this.#next++);
      // A connection that breaks is what daprd takes for a reason to try again as well.
      const status = await this.#proxy.event(id).then(
        (answer) => answer.status,
        () => 0,
      );
      this.statuses.set(id, status);
    }
  }
}

/** Whatever was acknowledged reached a pod, and nothing reached two. */
function expectNoneLostNoneDoubled(load: Load, pods: readonly HttpPod[]): void {
  const reached = counts(pods.flatMap(({ ids }) => ids));
  expect(load.acknowledged.filter((id) => !reached.has(id))).toEqual([]);
  expect([...reached].filter(([, count]) => count > 1)).toEqual([]);
  const others = [...load.statuses].filter(([, status]) => status !== 200 && status !== 503);
  expect(others).toEqual([]);
}

describe('pods that come and go', () => {
  it('have all events that arrived while there was none, once', async () => {
    const pod = await HttpPod.start();
    await pod.kill();
    const proxy = await TestProxy.before([pod]);
    const ids = range(1000);
    const answers = ids.map((id) => proxy.event(id));
    await until(async () => expect((await proxy.pending()).pending).toBe(1000));
    await pod.start();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect([...counts(pod.ids)].sort()).toEqual(ids.map((id) => [id, 1]).sort());
    expect(await proxy.pending()).toEqual({ pending: 0, waiting: 0, inFlight: 0 });
  });

  it('lose no event and get none twice when one is killed under load, and comes back', async () => {
    const pods = await Promise.all([HttpPod.start(), HttpPod.start()]);
    const [victim] = pods;
    const proxy = await TestProxy.before(pods);
    const load = new Load(proxy, 20);
    for (let round = 0; round < 3; round += 1) {
      const before = victim.requests.length;
      await until(() => expect(victim.requests.length).toBeGreaterThan(before + 100));
      await victim.kill();
      const answered = load.statuses.size;
      await until(() => expect(load.statuses.size).toBeGreaterThan(answered + 100));
      await victim.start();
    }
    await load.stop();
    expectNoneLostNoneDoubled(load, pods);
    // What was on its way to the victim, and no more: 20 at most each time.
    expect(load.statuses.size - load.acknowledged.length).toBeLessThanOrEqual(3 * 20);
  });

  it('may be replaced one after another under load', async () => {
    const pods = await Promise.all([HttpPod.start(), HttpPod.start(), HttpPod.start()]);
    const proxy = await TestProxy.before(pods);
    const load = new Load(proxy, 10);
    for (const pod of pods) {
      const before = pod.requests.length;
      await until(() => expect(pod.requests.length).toBeGreaterThan(before + 50));
      await pod.stop();
      await pod.start();
    }
    await load.stop();
    expectNoneLostNoneDoubled(load, pods);
  });

  it('answer an event that is resent because a pod took it and said nothing', async () => {
    const pods = await Promise.all([HttpPod.start(), HttpPod.start()]);
    for (const pod of pods) pod.handler = (_request, response) => void response.destroy();
    const proxy = await TestProxy.before(pods);
    const answer = await proxy.event('x');
    expect(answer.status).toBe(503);
    // One of them had it, and the other was not asked.
    expect(pods.flatMap(({ ids }) => ids)).toEqual(['x']);
    for (const pod of pods) pod.handler = succeed;
    expect((await proxy.event('x')).status).toBe(200);
  });
});

describe('pods of different speed', () => {
  it('get events as they finish them', async () => {
    const held: (() => void)[] = [];
    const slow = await HttpPod.start({
      handler: (request, response) => void held.push(() => succeed(request, response)),
    });
    const fast = await HttpPod.start();
    const proxy = await TestProxy.before([slow, fast]);
    const load = new Load(proxy, 10);
    await until(() => expect(fast.requests.length).toBeGreaterThan(200));
    expect(slow.requests.length).toBeLessThanOrEqual(10);
    const stopped = load.stop();
    await until(async () => {
      for (const release of held.splice(0)) release();
      expect((await proxy.pending()).inFlight).toBe(0);
    });
    await stopped;
    expectNoneLostNoneDoubled(load, [slow, fast]);
  });
});

describe('bounds', () => {
  it('of what waits are kept: the rest is told at once to try again', async () => {
    const proxy = await TestProxy.start({
      pods: { kind: 'fixed', endpoints: [] },
      maxWaitingEvents: 100,
      eventWait: 0.5,
    });
    const answers: Answer[] = [];
    const asked = range(300).map((id) => proxy.event(id).then((answer) => answers.push(answer)));
    await Promise.all(asked);
    const texts = counts(answers.map(({ status, body }) => `${status} ${body}`));
    expect(Object.fromEntries(texts)).toEqual({
      '503 try again: too many events wait for a pod of the function\n': 200,
      '503 try again: no pod of the function could be reached in time\n': 100,
    });
    // The ones without room did not wait for those that had it.
    expect(answers.slice(0, 200).every(({ body }) => body.includes('too many'))).toBe(true);
  });

  it('of bytes that wait are kept', async () => {
    const proxy = await TestProxy.start({
      pods: { kind: 'fixed', endpoints: [] },
      maxWaitingSize: 10_000,
      eventWait: 0.5,
    });
    const body = 'x'.repeat(4_000);
    const answers = await Promise.all(range(5).map(() => proxy.ask('/cron', { body })));
    expect(answers.filter(({ body: said }) => said.includes('too many'))).toHaveLength(3);
  });

  it('of all bytes that are held are kept, and what is done leaves room for more', async () => {
    const released = Promise.withResolvers<void>();
    const pod = await HttpPod.start({
      handler: async (_request, response) => {
        await released.promise;
        response.end();
      },
    });
    const limits = { maxMessageSize: 10_000, maxHeldSize: 20_000 };
    const proxy = await TestProxy.before([pod], limits);
    const body = 'x'.repeat(4_000);
    const answers: Answer[] = [];
    const asked = range(8).map(() =>
      proxy.ask('/cron', { body }).then((answer) => answers.push(answer)),
    );
    await until(() => expect(answers).toHaveLength(3));
    for (const { status, body: said } of answers) {
      expect([status, said]).toEqual([503, expect.stringContaining('all the memory')]);
    }
    expect(await proxy.metric('baas_proxy_events_total', 'input="cron"', 'outcome="memory"')).toBe(
      3,
    );
    expect(await proxy.metric('baas_proxy_held_bytes')).toBe(20_000);
    released.resolve();
    await Promise.all(asked);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect((await proxy.ask('/cron', { body })).status).toBe(200);

    // Also what never came to its end.
    const gone = connect(proxy.running.port, '127.0.0.1');
    gone.write('POST /cron HTTP/1.1\r\ncontent-length: 9000\r\n\r\n');
    await until(async () => expect(await proxy.metric('baas_proxy_held_bytes')).toBe(9_000));
    gone.destroy();
    await until(async () => expect(await proxy.metric('baas_proxy_held_bytes')).toBe(0));
  });

  it('of what is in flight are kept: the rest waits', async () => {
    let most = 0;
    let now = 0;
    const pod = await HttpPod.start({
      handler: (request, response) => {
        now += 1;
        most = Math.max(most, now);
        setImmediate(() => {
          now -= 1;
          succeed(request, response);
        });
      },
    });
    const proxy = await TestProxy.before([pod], { maxInFlight: 5 });
    const answers = await Promise.all(range(200).map((id) => proxy.event(id)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(most).toBeLessThanOrEqual(5);
    expect(counts(pod.ids).size).toBe(200);
  });

  it('of the time for an answer, where there is one, end in a retry', async () => {
    const pod = await HttpPod.start({ handler: () => undefined });
    const proxy = await TestProxy.before([pod], { responseTimeout: 0.05 });
    const answer = await proxy.event('x');
    expect([answer.status, answer.body]).toEqual([503, expect.stringContaining('50 ms')]);
    expect(pod.ids).toEqual(['x']);
  });
});

describe('paths of topics', () => {
  const subscription = (route: string) => ({ pubsubname: 'bus', topic: 'orders', route });

  it('are those of each pod, of whatever framework', async () => {
    const go = await HttpPod.start({ subscriptions: [subscription('/orders')] });
    const node = await HttpPod.start({ subscriptions: [subscription('/bus--orders--default')] });
    const silent = await HttpPod.start({ subscriptions: 404 });
    const pods = [go, node, silent];
    const proxy = await TestProxy.before(pods);
    const ids = range(300);
    for (const { status } of await Promise.all(ids.map((id) => proxy.event(id)))) {
      expect(status).toBe(200);
    }
    const paths = pods.map(({ requests }) => [...new Set(requests.map(({ url }) => url))]);
    expect(paths).toEqual([['/orders'], ['/bus--orders--default'], ['/orders']]);
    expect(pods.map(({ questions }) => questions)).toEqual([1, 1, 1]);
    expect([...counts(pods.flatMap((pod) => pod.ids)).values()]).toEqual(ids.map(() => 1));
  });

  it('make events go to the pods that have the topic', async () => {
    const older = await HttpPod.start({ subscriptions: [] });
    const newer = await HttpPod.start({ subscriptions: [subscription('/orders')] });
    const proxy = await TestProxy.before([older, newer]);
    const answers = await Promise.all(range(50).map((id) => proxy.event(id)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect([older.requests.length, newer.requests.length]).toEqual([0, 50]);
    const binding = await Promise.all(range(50).map(() => proxy.ask('/cron')));
    expect(binding.every(({ status }) => status === 200)).toBe(true);
    expect(older.requests.length).toBeGreaterThan(0);
  });

  it('are asked for again when the pod has another program', async () => {
    const pod = await HttpPod.start({ subscriptions: [subscription('/old')] });
    const proxy = await TestProxy.before([pod]);
    await proxy.event('1');
    await pod.kill();
    pod.subscriptions = [subscription('/new')];
    await pod.start();
    await until(async () => expect((await proxy.event('2')).status).toBe(200));
    expect(pod.requests.at(-1)?.url).toBe('/new');

    pod.subscriptions = [subscription('/newest')];
    pod.handler = ({ url }, response) =>
      void response.writeHead(url === '/newest' ? 200 : 404).end();
    expect((await proxy.event('3')).status).toBe(503);
    expect((await proxy.event('3')).status).toBe(200);
  });

  it('that no pod has make daprd try again at once', async () => {
    const pod = await HttpPod.start({ subscriptions: [] });
    const proxy = await TestProxy.before([pod]);
    const answer = await proxy.event('x');
    expect([answer.status, answer.body]).toEqual([
      503,
      expect.stringContaining('no pod of the function takes it'),
    ]);
    expect(pod.requests).toHaveLength(0);
  });
});

describe('pods that misbehave', () => {
  /** Answers every connection by hand. */
  async function rawPod(answer: (socket: Socket) => void): Promise<{ host: string; port: number }> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => answer(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  }

  const answers: readonly (readonly [what: string, said: string])[] = [
    ['nothing', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-'],
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'],
    ['half a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel'],
    ['no HTTP', '220 mail.example.com ESMTP\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n'],
  ];
  it.each(answers)('by saying %s make daprd try again', async (_what, said) => {
    const endpoint = await rawPod((socket) => void socket.end(said));
    const proxy = await TestProxy.start({ pods: { kind: 'fixed', endpoints: [endpoint] } });
    const { status, body } = await proxy.ask('/cron');
    expect([status, body]).toEqual([503, expect.stringContaining('try again')]);
    expect(await proxy.metric('baas_proxy_events_total', 'outcome="lost"')).toBe(1);
  });

  it('by closing after each answer without a word are connected to anew', async () => {
    const endpoint = await rawPod((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
    const proxy = await TestProxy.start({ pods: { kind: 'fixed', endpoints: [endpoint] } });
    for (const id of range(20)) {
      // One that meets the close on its way is lost, and said to be: it is asked for again.
      await until(async () => expect((await proxy.ask(`/cron?${id}`)).status).toBe(200));
    }
  });

  it('by saying more than was asked answer the next event on another connection', async () => {
    let connections = 0;
    const endpoint = await rawPod((socket) => {
      connections += 1;
      socket.write(
        'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb',
      );
    });
    const proxy = await TestProxy.start({ pods: { kind: 'fixed', endpoints: [endpoint] } });
    for (let count = 1; count <= 3; count += 1) {
      expect((await proxy.ask('/cron')).body).toBe('a');
      expect(connections).toBe(count);
    }
  });

  it.each([
    ['timeout=1', 3],
    ['timeout=60', 1],
  ])('or say %s for how long they keep a connection are believed', async (keepAlive, expected) => {
    const ports = new Set<number | undefined>();
    const pod = await HttpPod.start({
      handler: (_request, response) => {
        ports.add(response.socket?.remotePort);
        response.setHeader('keep-alive', keepAlive).setHeader('connection', 'keep-alive').end();
      },
    });
    const proxy = await TestProxy.before([pod]);
    for (const id of range(3)) expect((await proxy.ask(`/cron?${id}`)).status).toBe(200);
    expect(ports.size).toBe(expected);
  });

  it('by listening and never accepting are taken for away', async () => {
    // TEST-NET-1 (RFC 5737): nobody is there, and nobody says so.
    const silent = { host: '192.0.2.1', port: 8080 };
    const pod = await HttpPod.start();
    const proxy = await TestProxy.start({
      pods: { kind: 'fixed', endpoints: [silent, pod.endpoint] },
      connectTimeout: 0.05,
    });
    const answers = await Promise.all(range(50).map((id) => proxy.event(id)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(counts(pod.ids).size).toBe(50);
  });
});

describe('name servers', () => {
  it('that fail, lie that there is nothing, and recover cost no event', async () => {
    const server = await NameServer.start();
    onTestFinished(() => server.stop());
    const pod = await HttpPod.start({ host: '127.0.0.2' });
    server.answer = ['127.0.0.2'];
    const proxy = await TestProxy.start({
      pods: {
        kind: 'dns',
        host: 'orders-events.example',
        port: pod.port,
        servers: [server.address],
      },
    });
    expect((await proxy.event('before')).status).toBe(200);

    const lookedUpTwice = async (): Promise<void> => {
      const { questions } = server;
      await until(() => expect(server.questions).toBeGreaterThanOrEqual(questions + 4));
    };
    server.answer = 'SERVFAIL';
    await lookedUpTwice();
    expect((await proxy.event('failing')).status).toBe(200);

    server.answer = 'NXDOMAIN';
    await until(async () => expect(await proxy.metric('baas_proxy_endpoints')).toBe(0));
    const waiting = range(100, 'lied to ').map((id) => proxy.event(id));
    await until(async () => expect((await proxy.pending()).waiting).toBe(100));

    server.answer = ['127.0.0.2'];
    for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
    expect([...counts(pod.ids).values()].every((count) => count === 1)).toBe(true);
    expect(pod.ids).toHaveLength(102);
  });

  it('that know other pods now leave those before to finish', async () => {
    const server = await NameServer.start();
    onTestFinished(() => server.stop());
    const released = Promise.withResolvers<void>();
    const before = await HttpPod.start({
      host: '127.0.0.2',
      handler: async (request, response) => {
        await released.promise;
        succeed(request, response);
      },
    });
    const after = await HttpPod.start({ host: '127.0.0.3', port: before.port });
    server.answer = ['127.0.0.2'];
    const proxy = await TestProxy.start({
      pods: { kind: 'dns', host: 'x.example', port: before.port, servers: [server.address] },
    });
    const first = proxy.event('first');
    await until(() => expect(before.ids).toEqual(['first']));
    server.answer = ['127.0.0.3'];
    await until(async () => {
      const labels = [`endpoint="${after.name}"`];
      expect(await proxy.metric('baas_proxy_endpoint_in_flight', ...labels)).toBe(0);
    });
    expect((await proxy.event('second')).status).toBe(200);
    expect(after.ids).toEqual(['second']);
    released.resolve();
    expect((await first).status).toBe(200);
  });
});

describe('an end', () => {
  it('under load takes what comes until it stops coming, and loses nothing', async () => {
    const pod = await HttpPod.start();
    const proxy = await TestProxy.before([pod], { quietTime: 0.2 });
    const load = new Load(proxy, 10);
    await until(() => expect(pod.requests.length).toBeGreaterThan(100));
    const stopped = proxy.running.stop();
    const before = load.statuses.size;
    await until(() => expect(load.statuses.size).toBeGreaterThan(before + 200));
    await load.stop();
    expect(await stopped).toBe(0);
    expectNoneLostNoneDoubled(load, [pod]);
    expect(load.acknowledged.length).toBe(load.statuses.size);
    await expect(proxy.ask(ordersPath)).rejects.toThrow();
  });

  it('refuses what waits when the grace period is nearly over, and finishes what is in flight', async () => {
    const held: (() => void)[] = [];
    const pod = await HttpPod.start({
      handler: (request, response) => void held.push(() => succeed(request, response)),
    });
    const proxy = await TestProxy.before([pod], { maxInFlight: 1, gracePeriod: 3, quietTime: 0 });
    const answers = ['in flight', 'waiting'].map((id) => proxy.event(id));
    await until(async () =>
      expect(await proxy.pending()).toEqual({ pending: 2, waiting: 1, inFlight: 1 }),
    );
    const stopped = proxy.running.stop();
    const refused = await Promise.race(answers);
    expect([refused.status, refused.body]).toEqual([503, expect.stringMatching(/about to end/)]);
    for (const release of held) release();
    expect((await answers[0])?.status).toBe(200);
    expect(await stopped).toBe(0);
  });
});

import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { onTestFinished } from 'vitest';
import { type ProxySettings, type RunningProxy, startProxy } from '../../src/processes/proxy.ts';
import type { EventInputs } from '../../src/rules/delivery/event-inputs.ts';
import type { HttpPod } from './http-pod.ts';
import { logInMemory } from './log-in-memory.ts';

export const orders: EventInputs = {
  kind: 'async',
  topics: [{ pubsub: 'bus', topic: 'orders' }],
  bindings: ['cron'],
  port: 0,
};
export const ordersPath = '/openfunction/topics/bus/orders';

/** What the command line has as defaults. */
const defaults: Omit<ProxySettings, 'pods'> = {
  protocol: 'http',
  inputs: orders,
  token: undefined,
  isTokenOnEvents: true,
  appHealthCheckPath: '/healthz',
  listenAddress: '127.0.0.1',
  healthPort: 0,
  eventWait: 30,
  maxWaitingEvents: 5_000,
  maxWaitingSize: 64 * 1024 ** 2,
  maxMessageSize: 64 * 1024 ** 2,
  maxInFlight: 10_000,
  maxHeldSize: 96 * 1024 ** 2,
  connectTimeout: 1,
  responseTimeout: 0,
  gracePeriod: 30,
  quietTime: 5,
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /** Goes away in the middle. */
  readonly signal?: AbortSignal;
}

/** A proxy in this process, and a client in daprd's place. */
export class TestProxy {
  readonly running: RunningProxy;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

  private constructor(running: RunningProxy) {
    this.running = running;
  }

  static async start(
    settings: Partial<ProxySettings> & Pick<ProxySettings, 'pods'>,
  ): Promise<TestProxy> {
    const running = await startProxy({ ...defaults, ...settings }, logInMemory().log);
    const proxy = new TestProxy(running);
    onTestFinished(() => proxy.kill());
    return proxy;
  }

  /** In front of pods that stay where they are. */
  static before(
    pods: readonly HttpPod[],
    settings: Partial<ProxySettings> = {},
  ): Promise<TestProxy> {
    return TestProxy.start({
      ...settings,
      pods: { kind: 'fixed', endpoints: pods.map(({ endpoint }) => endpoint) },
    });
  }

  async kill(): Promise<void> {
    this.#agent.destroy();
    await this.running.kill();
  }

  /** Asks as daprd does, over connections that are kept. @throws when the connection breaks */
  ask(
    path: string,
    { method = 'POST', headers = {}, body = '', signal }: Asked = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          ...{ host: '127.0.0.1', port: this.running.port, agent: this.#agent, method, path },
          headers: { 'content-length': Buffer.byteLength(body), ...headers } as never,
          ...(signal === undefined ? {} : { signal }),
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.once('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(parts).toString(),
            }),
          );
          response.once('error', reject);
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });
  }

  /** An event of the topic, by id. */
  event(id: string, asked: Asked = {}): Promise<Answer> {
    return this.ask(ordersPath, {
      body: JSON.stringify({ id, topic: 'orders', pubsubname: 'bus' }),
      ...asked,
      headers: { 'content-type': 'application/cloudevents+json', ...asked.headers },
    });
  }

  async health(path: string): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.running.healthPort}${path}`);
    return { status: response.status, headers: {}, body: await response.text() };
  }

  async pending(): Promise<{ pending: number; waiting: number; inFlight: number }> {
    return JSON.parse((await this.health('/pending')).body);
  }

  /** A value of a metric; undefined where there is none with all these labels. */
  async metric(name: string, ...labels: string[]): Promise<number | undefined> {
    const { body } = await this.health('/metrics');
    const line = body
      .split('\n')
      .find(
        (text) =>
          (text.startsWith(`${name}{`) || text.startsWith(`${name} `)) &&
          labels.every((label) => text.includes(label)),
      );
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
  }
}

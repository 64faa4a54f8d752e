import { Agent, request } from 'node:http';
import type { DaprdStandIn, Fate, TopicEvent } from './daprd-stand-in.ts';

interface Answer {
  readonly code: number;
  readonly body: string;
}

interface Subscription {
  readonly pubsubname: string;
  readonly topic: string;
  readonly route?: string;
  readonly routes?: { readonly default?: string };
}

/** daprd as an app sees it that speaks HTTP. */
export class HttpStandIn implements DaprdStandIn {
  readonly #port: number;
  readonly #host: string;
  /** daprd keeps its connections, and has at most this many. */
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1024, maxFreeSockets: 64 });
  /** By `<pubsub>/<topic>`. */
  readonly #routes = new Map<string, string>();

  constructor(port: number, host: string) {
    this.#port = port;
    this.#host = host;
  }

  async ask(components: readonly string[]): Promise<{ topics: string[]; bindings: string[] }> {
    const { body } = await this.#send('GET', '/dapr/subscribe', 'application/json', '');
    for (const { pubsubname, topic, route, routes } of JSON.parse(body) as Subscription[]) {
      const path = routes?.default ?? route;
      // daprd leaves out what has no route.
      if (path) this.#routes.set(`${pubsubname}/${topic}`, path);
    }
    const bindings: string[] = [];
    for (const name of components) {
      const { code } = await this.#send('OPTIONS', `/${name}`, 'application/json', '');
      if (isSuccess(code) || code === 405) bindings.push(name);
    }
    return { topics: [...this.#routes.keys()], bindings };
  }

  async deliver(event: TopicEvent): Promise<Fate> {
    const body = JSON.stringify(cloudEvent(event));
    const answer = await this.#post(event, 'application/cloudevents+json', body);
    if (!isSuccess(answer.code)) return toFate(answer.code);
    return judge(read<{ status?: string }>(answer)?.status, 'acknowledged');
  }

  async deliverBulk(events: readonly TopicEvent[]): Promise<Map<string, Fate>> {
    const [first] = events;
    if (first === undefined) return new Map();
    const answer = await this.#post(
      first,
      'application/json',
      JSON.stringify({
        id: 'bulk',
        type: 'com.dapr.event.sent.bulk',
        topic: first.topic,
        pubsubname: first.pubsub,
        metadata: {},
        entries: events.map((event) => ({
          entryId: event.data.id,
          contentType: 'application/cloudevents+json',
          event: cloudEvent(event),
        })),
      }),
    );
    const missing = isSuccess(answer.code) ? 'retried' : toFate(answer.code);
    const fates = new Map<string, Fate>(events.map(({ data }) => [data.id, missing]));
    if (!isSuccess(answer.code)) return fates;
    const { statuses = [] } =
      read<{ statuses?: { entryId: string; status?: string }[] }>(answer) ?? {};
    for (const { entryId, status } of statuses) fates.set(entryId, judge(status, 'retried'));
    return fates;
  }

  async trigger(binding: string, data: unknown): Promise<boolean> {
    const body = JSON.stringify(data);
    const { code } = await this.#send('POST', `/${binding}`, 'application/json', body);
    return isSuccess(code);
  }

  async invoke(method: string, data: unknown): Promise<unknown> {
    const body = JSON.stringify(data);
    const answer = await this.#send('POST', `/${method}`, 'application/json', body);
    if (isSuccess(answer.code)) return JSON.parse(answer.body);
    throw new Error(`${method}: ${answer.code} ${answer.body}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  /** daprd tries again what its app does not answer. */
  async #post(event: TopicEvent, contentType: string, body: string): Promise<Answer> {
    const name = `${event.pubsub}/${event.topic}`;
    const route = event.route ?? this.#routes.get(name);
    if (route === undefined) throw new Error(`the app has not subscribed to ${name}`);
    return this.#send('POST', route, contentType, body).catch(() => ({ code: 0, body: '' }));
  }

  #send(method: string, path: string, contentType: string, body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          ...{ host: this.#host, port: this.#port, agent: this.#agent, method, path },
          headers: { 'content-type': contentType, 'content-length': Buffer.byteLength(body) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('end', () =>
            resolve({ code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
          );
          response.once('error', reject);
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });
  }
}

function cloudEvent({ pubsub, topic, data }: TopicEvent) {
  return {
    specversion: '1.0',
    id: data.id,
    source: 'tests',
    type: 'com.dapr.event.sent',
    datacontenttype: 'application/json',
    pubsubname: pubsub,
    topic,
    data,
  };
}

function isSuccess(code: number): boolean {
  return code >= 200 && code < 300;
}

/** Nothing where the body is not JSON. */
function read<Body>({ body }: Answer): Body | undefined {
  try {
    return JSON.parse(body) as Body;
  } catch {
    return undefined;
  }
}

/** daprd forgets what its app has no place for, and tries again after every other error. */
function toFate(code: number): Fate {
  return code === 404 ? 'dropped' : 'retried';
}

/** @param silence what it means when the answer has no status */
function judge(status: string | undefined, silence: Fate): Fate {
  if (status === undefined || status === '') return silence;
  if (status === 'SUCCESS') return 'acknowledged';
  return status === 'DROP' ? 'dropped' : 'retried';
}

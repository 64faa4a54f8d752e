import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { asText, at, type JsonObject, objectsOf } from '../../src/api/json.ts';

/** The least that creates objects in an API server, over as many connections as are asked for. */
export class ApiClient {
  readonly #server: string;
  readonly #agent: Agent;

  private constructor(server: string, agent: Agent) {
    this.#server = server;
    this.#agent = agent;
  }

  /** @param kubeconfig path of one with a client certificate in it */
  static async open(kubeconfig: string, connections: number): Promise<ApiClient> {
    const config: unknown = parse(await readFile(kubeconfig, 'utf8'));
    const cluster = objectsOf(at(config, 'clusters'))[0]?.item;
    const user = objectsOf(at(config, 'users'))[0]?.item;
    const pem = (value: unknown): string => Buffer.from(asText(value) ?? '', 'base64').toString();
    const agent = new Agent({
      keepAlive: true,
      maxSockets: connections,
      ca: pem(at(cluster, 'cluster', 'certificate-authority-data')),
      cert: pem(at(user, 'user', 'client-certificate-data')),
      key: pem(at(user, 'user', 'client-key-data')),
    });
    return new ApiClient(asText(at(cluster, 'cluster', 'server')) ?? '', agent);
  }

  /**
   * Sends an object.
   *
   * @returns milliseconds until the whole answer was there
   * @throws when it was refused
   */
  async send(method: 'POST' | 'PATCH', path: string, object: JsonObject): Promise<number> {
    const body = JSON.stringify(object);
    const startedAt = performance.now();
    const sent = request(`${this.#server}${path}`, {
      method,
      agent: this.#agent,
      headers: {
        'content-type': method === 'POST' ? 'application/json' : 'application/apply-patch+yaml',
        'content-length': Buffer.byteLength(body),
      },
    });
    sent.end(body);
    const [response] = await once(sent, 'response');
    const answer = await text(response);
    if (response.statusCode >= 300) {
      throw new Error(`${method} ${path}: ${response.statusCode} ${answer.slice(0, 300)}`);
    }
    return performance.now() - startedAt;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Does all of it, so much of it at a time. */
export async function inParallel<Item>(
  items: readonly Item[],
  atATime: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (const item of left) await work(item);
    }),
  );
}

import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { asObject, asText, type Json, type JsonObject } from '../../api/json.ts';
import { projectName } from '../../api/keys.ts';
import type { ApiAccess } from './api-access.ts';
import { ApiError, asApiError, statusError } from './api-error.ts';
import { readLines } from './read-lines.ts';
import { sendRequest } from './send-request.ts';

/** How to ask an API server for something. */
export interface GetOptions {
  readonly query?: Readonly<Record<string, string>>;
  /** Media type; plain JSON when absent. */
  readonly accept?: string;
  /** Gives up on the request, and on the answer while it is still coming. */
  readonly signal: AbortSignal;
}

/** How to change something. */
export interface ChangeOptions extends GetOptions {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: Json;
  /** Media type of the body; plain JSON when absent. */
  readonly contentType?: string;
}

type RequestDescription = GetOptions &
  Partial<Pick<ChangeOptions, 'method' | 'body' | 'contentType'>>;

const agentOptions = {
  keepAlive: true,
  /** After this much silence TCP asks whether the peer is there: one that vanished below a quiet watch is found out in some 15 s. */
  keepAliveMsecs: 3_000,
  /** Idle connections are closed before a load balancer on the way forgets them, commonly after 60 s. */
  timeout: 30_000,
  /** A burst of reads waits in line here rather than open hundreds of TLS connections at once. */
  maxSockets: 32,
};

/** Credentials that are wrong stay wrong for a while, and getting new ones may start a program. */
const reloadAfterMs = 10_000;

/**
 * Asks one API server, over connections that are kept and used again.
 *
 * client-node supplies what a kubeconfig means (TLS, tokens, exec plugins) and
 * nothing else: its own requests open a connection each. Credentials and certificates are looked up for every request, and sockets
 * are shared between requests with the same ones only.
 */
export class KubernetesConnection {
  readonly #load: () => ApiAccess;
  readonly #httpAgent = new HttpAgent(agentOptions);
  readonly #httpsAgent = new HttpsAgent(agentOptions);
  readonly #now: () => number;
  #access: ApiAccess;
  #loadedAtMs: number;

  /**
   * @param load is called now, and again when the API server no longer accepts the credentials
   * @param now milliseconds on a clock that never goes back
   */
  constructor(load: () => ApiAccess, now: () => number = () => performance.now()) {
    this.#load = load;
    this.#now = now;
    this.#access = load();
    this.#loadedAtMs = now();
  }

  /**
   * Resolves with the object that a path answers.
   *
   * @throws ApiError for anything but a readable answer, and the signal's reason once it aborts
   */
  getJson(path: string, options: GetOptions): Promise<JsonObject> {
    return this.#readJson(path, options);
  }

  /**
   * Changes what a path stands for, and resolves with what the API server made of
   * it. Sent once: a change whose answer got lost may have happened.
   *
   * @throws what `getJson` throws
   */
  changeJson(path: string, options: ChangeOptions): Promise<JsonObject> {
    return this.#readJson(path, options);
  }

  async #readJson(path: string, options: RequestDescription): Promise<JsonObject> {
    const response = await this.#request(path, options);
    const text = await orAbort(options.signal, () => readText(response));
    const object = asObject(parseJson(text));
    if (object === undefined) throw new ApiError('malformed', 'the answer is no JSON object');
    return object;
  }

  /**
   * Resolves once the answer begins, with its lines as they come. They have to be
   * iterated, and throw what `getJson` throws.
   */
  async getLines(path: string, options: GetOptions): Promise<AsyncGenerator<string>> {
    return linesOf(await this.#request(path, options), options.signal);
  }

  /** Closes all connections. What is under way fails. */
  close(): void {
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }

  async #request(path: string, options: RequestDescription): Promise<IncomingMessage> {
    const { signal } = options;
    const response = await orAbort(signal, () => this.#send(path, options));
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const body = await orAbort(signal, () => readText(response));
    if (status === 401) this.#reload();
    const retryAfterSeconds = Number(response.headers['retry-after'] ?? Number.NaN);
    throw statusError(
      status,
      parseJson(body),
      Number.isNaN(retryAfterSeconds) ? undefined : retryAfterSeconds * 1000,
    );
  }

  async #send(path: string, description: RequestDescription): Promise<IncomingMessage> {
    const { query, accept, signal, method = 'GET', body, contentType } = description;
    const cluster = this.#access.getCurrentCluster();
    if (cluster === null) throw new Error('The kubeconfig has no cluster.');
    const server = new URL(cluster.server);
    const options: RequestOptions = {};
    await this.#access.applyToHTTPSOptions(options);
    signal.throwIfAborted();
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const request: RequestOptions = {
      ...options,
      ...urlToHttpOptions(server),
      // The URL has nothing to say about credentials, and would overrule those of the kubeconfig.
      auth: options.auth,
      // Joined as text: a URL would resolve `..`.
      method,
      path: `${server.pathname.replace(/\/+$/, '')}${path}${search}`,
      headers: {
        ...trimmed(options.headers),
        accept: accept ?? 'application/json',
        'user-agent': projectName,
        ...(payload === undefined
          ? {}
          : {
              'content-type': contentType ?? 'application/json',
              'content-length': String(payload.length),
            }),
      },
      // client-node's agents close after every request, but know how to go through a proxy.
      agent:
        asText(cluster.proxyUrl) !== undefined
          ? options.agent
          : server.protocol === 'http:'
            ? this.#httpAgent
            : this.#httpsAgent,
      signal,
    };
    return sendRequest(request, payload);
  }

  /** Tokens in files and from exec plugins are cached by client-node, at times for longer than they are good. */
  #reload(): void {
    const nowMs = this.#now();
    if (nowMs - this.#loadedAtMs < reloadAfterMs) return;
    this.#loadedAtMs = nowMs;
    try {
      this.#access = this.#load();
    } catch {
      // A kubeconfig that is being rewritten: the old one serves until the next attempt.
    }
  }
}

async function* linesOf(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<string> {
  try {
    yield* readLines(response);
  } catch (error) {
    throw signal.aborted ? signal.reason : asApiError(error);
  } finally {
    response.destroy();
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** A token that was read from a file may end in a line break, which no header may hold. */
function trimmed(headers: RequestOptions['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name, String(value).trim()]),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What `start` promises, or the signal's reason as soon as it aborts: an exec plugin may hang and takes no signal. */
async function orAbort<Result>(signal: AbortSignal, start: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted();
  let giveUp = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([start(), aborted]);
  } catch (error) {
    throw signal.aborted ? signal.reason : asApiError(error);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

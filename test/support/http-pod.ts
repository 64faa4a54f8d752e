import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the pod got it. */
export interface PodRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export type PodHandler = (request: PodRequest, response: ServerResponse) => void | Promise<void>;

export interface HttpPodOptions {
  /** What it answers to `GET /dapr/subscribe`; a number is a status. */
  readonly subscriptions?: readonly object[] | number;
  readonly handler?: PodHandler;
  readonly host?: string;
  readonly port?: number;
}

/** A function's pod that speaks HTTP: a server on loopback that can be killed and come back. */
export class HttpPod {
  /** Everything but questions for subscriptions. */
  readonly requests: PodRequest[] = [];
  handler: PodHandler;
  subscriptions: readonly object[] | number;
  /** How often it was asked for its subscriptions. */
  questions = 0;
  /** Connections that it ever had. */
  connections = 0;
  readonly host: string;
  #port: number;
  #server: Server | undefined;

  private constructor({ subscriptions = 404, handler = succeed, host, port = 0 }: HttpPodOptions) {
    this.subscriptions = subscriptions;
    this.handler = handler;
    this.host = host ?? '127.0.0.1';
    this.#port = port;
  }

  static async start(options: HttpPodOptions = {}): Promise<HttpPod> {
    const pod = new HttpPod(options);
    await pod.start();
    return pod;
  }

  get port(): number {
    return this.#port;
  }

  get endpoint(): { host: string; port: number } {
    return { host: this.host, port: this.#port };
  }

  get name(): string {
    return `${this.host}:${this.#port}`;
  }

  /** Ids of the events that it got, in their order. */
  get ids(): string[] {
    return this.requests.map(({ body }) => JSON.parse(body.toString()).id);
  }

  /** At the same address as before, once it had one. */
  async start(): Promise<void> {
    const server = createServer({ maxHeaderSize: 1024 * 1024 }, (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        // As servers do that are asked to end: what is kept open would keep them.
        if (this.#server !== server) response.setHeader('connection', 'close');
        this.#answer(request, Buffer.concat(parts), response);
      });
    });
    this.#server = server;
    server.on('connection', () => {
      this.connections += 1;
    });
    server.listen({ port: this.#port, host: this.host, backlog: 2048 });
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Ends as a process does that is killed: nothing that is in flight is answered. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** Ends as a server does that is asked to: what is in flight is answered first. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    await closed;
  }

  #answer(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { method = '', url = '', headers, rawHeaders } = request;
    if (method === 'GET' && url === '/dapr/subscribe') {
      this.questions += 1;
      const { subscriptions } = this;
      if (typeof subscriptions === 'number') response.writeHead(subscriptions).end();
      else response.end(JSON.stringify(subscriptions));
      return;
    }
    const got = { method, url, headers, rawHeaders, body };
    this.requests.push(got);
    void this.handler(got, response);
  }
}

export function succeed(_request: PodRequest, response: ServerResponse): void {
  response.setHeader('content-type', 'application/json');
  response.end('{"status":"SUCCESS"}');
}

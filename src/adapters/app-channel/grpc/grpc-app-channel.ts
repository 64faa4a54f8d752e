import http2, { type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { AppChannel } from '../../../proxy/app-channel.ts';
import type { Endpoint } from '../../../proxy/delivery.ts';
import type { AppChannelOptions } from '../app-channel-options.ts';
import { CallHandler } from './call-handler.ts';
import { connectionWindowBytes, serverOptions } from './http2-settings.ts';
import { letGo } from './let-go.ts';
import { PodPool } from './pod-pool.ts';

/** How long answers that are on their way out may take when the channel closes. */
const lastAnswersMs = 500;

/** The app channel over gRPC: HTTP/2 without TLS on the app port, as daprd connects to it. */
export class GrpcAppChannel implements AppChannel {
  readonly #server: Http2Server = http2.createServer(serverOptions);
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #pods: PodPool;
  #wasCalled = false;

  constructor(options: AppChannelOptions) {
    this.#pods = new PodPool(options.limits.connectTimeoutMs);
    const handler = new CallHandler(options, this.#pods);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('session', (session) => this.#welcome(session));
    this.#server.on('stream', (stream, headers, _flags, raw) => {
      this.#wasCalled = true;
      handler.handle(stream, headers, raw);
      stream.once('close', () => letGo(stream));
    });
    this.#server.on('sessionError', (error) => {
      options.log.debug({ err: error }, 'a connection to the app port broke');
    });
  }

  listen(port: number, host: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#server.once('error', reject);
    this.#server.listen({ port, host }, () => {
      this.#server.removeListener('error', reject);
      const address = this.#server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
    return promise;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get wasCalled(): boolean {
    return this.#wasCalled;
  }

  forget(endpoint: Endpoint): void {
    this.#pods.forget(endpoint);
  }

  async close(): Promise<void> {
    // What is in flight ends in UNAVAILABLE; a graceful end lets these and other answers out.
    this.#pods.close();
    this.#server.close();
    const closed = [...this.#sockets].map(
      (socket) => new Promise((resolve) => socket.once('close', resolve)),
    );
    for (const session of this.#sessions) session.close();
    const deadline = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, lastAnswersMs);
    await Promise.all(closed);
    clearTimeout(deadline);
  }

  #welcome(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    session.setLocalWindowSize(connectionWindowBytes);
  }
}

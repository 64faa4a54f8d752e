import http2, { type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AppChannel } from '../../../proxy/app-channel.ts';
import type { Endpoint } from '../../../proxy/delivery.ts';
import type { AppChannelOptions } from '../app-channel-options.ts';
import { CallHandler } from './call-handler.ts';
import { connectionWindowBytes, serverOptions } from './http2-settings.ts';
import { PodPool } from './pod-pool.ts';

/** How long answers that are on their way out may take when the channel closes. */
const lastAnswersMs = 500;

/** The app channel over gRPC: HTTP/2 without TLS on the app port, as daprd connects to it. */
export class GrpcAppChannel implements AppChannel {
  readonly #server: Http2Server = http2.createServer(serverOptions);
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #pods: PodPool;
  #wasCalled = false;

  constructor(options: AppChannelOptions) {
    this.#pods = new PodPool(options.limits.connectTimeoutMs);
    const handler = new CallHandler(options, this.#pods);
    this.#server.on('session', (session) => this.#welcome(session));
    this.#server.on('stream', (stream, headers, _flags, raw) => {
      this.#wasCalled = true;
      handler.handle(stream, headers, raw);
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
    return this.#sessions.size;
  }

  get wasCalled(): boolean {
    return this.#wasCalled;
  }

  forget(endpoint: Endpoint): void {
    this.#pods.forget(endpoint);
  }

  async close(): Promise<void> {
    const closed = [...this.#sessions].map(
      (session) => new Promise<void>((resolve) => session.once('close', resolve)),
    );
    const stopped = new Promise((resolve) => this.#server.close(resolve));
    // What was answered last may still be in a buffer: a graceful end lets it out.
    for (const session of this.#sessions) session.close();
    const deadline = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, lastAnswersMs);
    await Promise.all([stopped, ...closed]);
    clearTimeout(deadline);
    this.#pods.close();
  }

  #welcome(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    session.setLocalWindowSize(connectionWindowBytes);
  }
}

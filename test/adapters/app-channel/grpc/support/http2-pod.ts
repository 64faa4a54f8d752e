import { once } from 'node:events';
import {
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { HostAndPort } from '../../../../../src/rules/delivery/read-endpoint.ts';

export type StreamHandler = (stream: ServerHttp2Stream, raw: readonly string[]) => void;

/** A pod below gRPC: what it says frame by frame is up to the test. */
export class Http2Pod {
  readonly endpoint: HostAndPort;
  /** Open connections to it. */
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** Connections that it ever had. */
  #sessionsEver = 0;

  private constructor(server: Http2Server) {
    const sessions = new Set<ServerHttp2Session>();
    server.on('session', (session) => {
      this.#sessionsEver += 1;
      sessions.add(session);
      session.on('close', () => sessions.delete(session));
    });
    this.sessions = sessions;
    this.endpoint = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  }

  static async start(handle: StreamHandler, options: ServerOptions = {}): Promise<Http2Pod> {
    const server = createServer(options);
    server.on('stream', (stream, _headers, _flags, raw) => {
      stream.on('error', () => undefined);
      handle(stream, raw);
    });
    server.on('sessionError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const pod = new Http2Pod(server);
    onTestFinished(() => {
      for (const session of pod.sessions) session.destroy();
      server.close();
    });
    return pod;
  }

  get sessionsEver(): number {
    return this.#sessionsEver;
  }
}

/** Answers with an empty message, whatever was asked. */
export function answerOk(stream: ServerHttp2Stream): void {
  stream.resume();
  stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.alloc(5));
}

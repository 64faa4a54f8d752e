import { once } from 'node:events';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  type handleBidiStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';

/** Bytes as they are. */
const asIs = (bytes: Buffer): Buffer => bytes;

/** A service of the function's own, which Dapr passes on without knowing it. */
const method = (name: string, isStream: boolean) => ({
  path: `/tests.Echo/${name}`,
  requestStream: isStream,
  responseStream: isStream,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
});

/** gRPC's own code that a function may answer with. */
const failedPrecondition = 9;

/** A function with a gRPC service of its own: it says everything back. */
export class EchoFunction {
  readonly #server = new Server();
  #port = 0;

  static async start(): Promise<EchoFunction> {
    const echo = new EchoFunction();
    await echo.#listen();
    return echo;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  async #listen(): Promise<void> {
    const unary: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
      const trailer = new Metadata();
      trailer.set('said', String(call.metadata.get('say')[0] ?? 'nothing'));
      const text = call.request.toString();
      if (text !== 'fail') callback(null, call.request, trailer);
      else callback({ code: failedPrecondition, details: 'as asked: ünïcode', metadata: trailer });
    };
    const chat: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
      call.on('data', (message: Buffer) => call.write(message));
      call.on('end', () => call.end());
    };
    this.#server.addService(
      { unary: method('Unary', false), chat: method('Chat', true) },
      { unary, chat },
    );
    this.#port = await new Promise((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  }
}

export interface EchoAnswer {
  readonly text: string;
  readonly code: number;
  readonly details: string;
  /** What the trailers say was said. */
  readonly said: string;
}

/** Whoever calls that service, at the function itself or through others. */
export class EchoCaller {
  readonly #client: Client;
  readonly #metadata: Record<string, string>;

  /** @param metadata on every call */
  constructor(address: string, metadata: Record<string, string> = {}) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#metadata = metadata;
  }

  unary(text: string, say: string): Promise<EchoAnswer> {
    return new Promise((resolve) => {
      let answer = '';
      const call = this.#client.makeUnaryRequest<Buffer, Buffer>(
        '/tests.Echo/Unary',
        asIs,
        asIs,
        Buffer.from(text),
        this.#withMetadata({ say }),
        (_error, bytes) => {
          answer = bytes?.toString() ?? '';
        },
      );
      call.once('status', ({ code, details, metadata }) => {
        // The answer's own callback comes first, or there is none.
        const said = String(metadata.get('said')[0]);
        setImmediate(() => resolve({ text: answer, code, details, said }));
      });
    });
  }

  /** Says one thing after another, each when the one before has come back. @returns what came back */
  async chat(texts: readonly string[]): Promise<string[]> {
    const stream: ClientDuplexStream<Buffer, Buffer> = this.#client.makeBidiStreamRequest(
      '/tests.Echo/Chat',
      asIs,
      asIs,
      this.#withMetadata({}),
    );
    const heard: string[] = [];
    for (const text of texts) {
      stream.write(Buffer.from(text));
      const [bytes] = (await once(stream, 'data')) as [Buffer];
      heard.push(bytes.toString());
    }
    stream.end();
    stream.resume();
    await once(stream, 'end');
    return heard;
  }

  close(): void {
    this.#client.close();
  }

  #withMetadata(more: Record<string, string>): Metadata {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries({ ...this.#metadata, ...more })) {
      metadata.set(key, value);
    }
    return metadata;
  }
}

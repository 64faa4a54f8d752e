import {
  type CallOptions,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';

export const topicEventPath = '/dapr.proto.runtime.v1.AppCallback/OnTopicEvent';

/** All that comes back of a call. */
export interface Outcome {
  readonly code: status;
  readonly details: string;
  readonly message: Buffer | undefined;
  readonly headers: Metadata;
  readonly trailers: Metadata;
}

const asIs = (bytes: Buffer): Buffer => bytes;

const unlimited: ClientOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // Otherwise the clients of one test file would share a connection.
  'grpc.use_local_subchannel_pool': 1,
};

/** Calls the app port as daprd does: through gRPC, with messages as bytes. */
export class Daprd {
  readonly #client: Client;

  constructor(port: number, options: ClientOptions = {}) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      ...unlimited,
      ...options,
    });
    onTestFinished(() => this.#client.close());
  }

  call(
    path: string,
    request: Buffer,
    metadata = new Metadata(),
    options: CallOptions = {},
  ): Promise<Outcome> & { cancel(): void } {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    let headers = new Metadata();
    let message: Buffer | undefined;
    let failure: ServiceError | null = null;
    const call = this.#client.makeUnaryRequest(
      path,
      asIs,
      asIs,
      request,
      metadata,
      options,
      (error: ServiceError | null, answer?: Buffer) => {
        [failure, message] = [error, answer];
      },
    );
    call.on('metadata', (received) => {
      headers = received;
    });
    // Comes after the callback.
    call.on('status', (ended) => {
      const { code, details, metadata: trailers } = failure ?? ended;
      resolve({ code, details, message, headers, trailers });
    });
    return Object.assign(promise, { cancel: () => call.cancel() });
  }

  stream(path: string, metadata = new Metadata()): ClientDuplexStream<Buffer, Buffer> {
    return this.#client.makeBidiStreamRequest(path, asIs, asIs, metadata);
  }
}

export { Metadata, status };

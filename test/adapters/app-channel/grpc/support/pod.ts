import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerOptions,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import type { HostAndPort } from '../../../../../src/rules/delivery/read-endpoint.ts';
import { topicEventPath } from './daprd.ts';
import { idOf } from './messages.ts';

export type Call = ServerUnaryCall<Buffer, Buffer>;
export type Stream = ServerDuplexStream<Buffer, Buffer>;

/** What a pod answers to a call: a message, with trailers if need be. Errors are thrown, as `PodError`. */
export type Answer = Buffer | { readonly message: Buffer; readonly trailers: Metadata };

export type UnaryHandler = (request: Buffer, call: Call) => Promise<Answer> | Answer;

export interface PodCalls {
  /** By path. What is not here is UNIMPLEMENTED. */
  readonly unary?: Readonly<Record<string, UnaryHandler>>;
  readonly streams?: Readonly<Record<string, (stream: Stream) => void>>;
  readonly options?: ServerOptions;
}

/** An error as a function answers it. */
export class PodError extends Error {
  readonly code: status;
  readonly metadata: Metadata;

  constructor(code: status, details: string, metadata = new Metadata()) {
    super(details);
    this.code = code;
    this.metadata = metadata;
  }
}

const asIs = (bytes: Buffer): Buffer => bytes;

/** A pod whose function is served by grpc-js, as real as a peer from npm gets. */
export class Pod {
  readonly endpoint: HostAndPort;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.endpoint = { host: '127.0.0.1', port };
  }

  /** @param port 0 takes a free one */
  static async start({ unary = {}, streams = {}, options = {} }: PodCalls, port = 0): Promise<Pod> {
    const server = new Server({ 'grpc.max_receive_message_length': -1, ...options });
    for (const [path, handler] of Object.entries(unary)) {
      server.register(
        path,
        (call: Call, callback: sendUnaryData<Buffer>) => void answer(handler, call, callback),
        asIs,
        asIs,
        'unary',
      );
    }
    for (const [path, handler] of Object.entries(streams)) {
      server.register(path, handler, asIs, asIs, 'bidi');
    }
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
    const pod = new Pod(server, await promise);
    onTestFinished(() => pod.kill());
    return pod;
  }

  /** Breaks all its connections, as a process does that is killed. */
  kill(): void {
    this.#server.forceShutdown();
  }

  /** Takes nothing new and finishes what it has, as a well-behaved server does at SIGTERM. */
  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.tryShutdown(() => resolve()));
  }
}

async function answer(
  handler: UnaryHandler,
  call: Call,
  callback: sendUnaryData<Buffer>,
): Promise<void> {
  try {
    const answered = await handler(call.request, call);
    if (Buffer.isBuffer(answered)) callback(null, answered);
    else callback(null, answered.message, answered.trailers);
  } catch (error) {
    callback(error instanceof PodError ? error : new PodError(status.UNKNOWN, String(error)));
  }
}

/** Counts, by id, what pods were given to do and what they finished. */
export class Tally {
  readonly begun = new Map<string, number>();
  readonly finished = new Map<string, number>();

  /** A handler of topic events that counts them. @param work what it does in between */
  handler(work: (id: string) => Promise<void> | void = () => undefined): UnaryHandler {
    return async (request) => {
      const id = idOf(request);
      add(this.begun, id);
      await work(id);
      add(this.finished, id);
      return Buffer.alloc(0);
    };
  }

  /** The calls of a pod that counts topic events here. */
  calls(work?: (id: string) => Promise<void> | void): PodCalls {
    return { unary: { [topicEventPath]: this.handler(work) } };
  }
}

function add(counts: Map<string, number>, id: string): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}

export { Metadata, status };

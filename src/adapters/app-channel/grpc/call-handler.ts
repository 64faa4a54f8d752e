import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Delivered } from '../../../proxy/delivery.ts';
import { explainRefusal } from '../../../proxy/explain-refusal.ts';
import type { AppChannelOptions } from '../app-channel-options.ts';
import { tokenHeader } from '../app-token.ts';
import {
  componentOf,
  invokePath,
  ownAnswers,
  type UnaryMethod,
  unaryMethods,
} from './app-callback.ts';
import { statusWithoutAnswer } from './call-status.ts';
import { Caller } from './caller.ts';
import { isOneMessage, MessageCollector } from './framing.ts';
import { type RawHeaders, statusTrailers } from './metadata.ts';
import { PipedCall } from './piped-call.ts';
import type { PodAnswer } from './pod-answer.ts';
import type { PodPool } from './pod-pool.ts';
import { endWith, ignoreError, sendAnswer, sendStatus } from './server-stream.ts';
import { type Status, StatusCode } from './status.ts';
import { UnaryCall } from './unary-call.ts';

/** What metrics call a component that the Function's context does not name. */
const otherInput = 'other';

/** Answers one call of daprd's after another, by itself or with a pod's answer. */
export class CallHandler {
  readonly #options: AppChannelOptions;
  readonly #pods: PodPool;
  readonly #ownAnswers: ReadonlyMap<string, PodAnswer>;
  /** Inputs that metrics may name: whoever calls cannot make them grow. */
  readonly #inputs: ReadonlySet<string>;

  constructor(options: AppChannelOptions, pods: PodPool) {
    this.#options = options;
    this.#pods = pods;
    const { topics, bindings } = options.inputs;
    this.#inputs = new Set([...topics.map(({ pubsub }) => pubsub), ...bindings]);
    this.#ownAnswers = new Map(
      [...ownAnswers(options.inputs)].map(([path, message]) => [path, okAnswer(message)]),
    );
  }

  handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: RawHeaders): void {
    stream.on('error', ignoreError);
    const path = headers[':path'] ?? '';
    const ownAnswer = this.#ownAnswers.get(path);
    if (!isGrpc(headers)) {
      stream.respond({ ':status': 415 }, { endStream: true });
    } else if (ownAnswer !== undefined) {
      // Whatever the request holds: all of them are empty.
      stream.resume();
      sendAnswer(stream, ownAnswer);
    } else if (!this.#isAdmitted(path, raw)) {
      const message = `${tokenHeader} is missing or wrong`;
      sendStatus(stream, { code: StatusCode.unauthenticated, message });
    } else {
      const method = unaryMethods.get(path);
      if (method === undefined) void this.#pipe(stream, raw);
      else this.#collect(stream, raw, method);
    }
  }

  #isAdmitted(path: string, raw: RawHeaders): boolean {
    const { token } = this.#options;
    return path === invokePath ? token.admits(raw) : token.admitsEvent(raw);
  }

  #collect(stream: ServerHttp2Stream, raw: RawHeaders, method: UnaryMethod): void {
    const { limits, held } = this.#options;
    const caller = new Caller(stream, raw, held);
    const collector = new MessageCollector(limits.maxMessageBytes);
    let isRefused = false;
    stream.on('data', (chunk: Buffer) => {
      if (isRefused) return;
      const status = this.#take(chunk, collector, caller, method);
      if (status === undefined) return;
      isRefused = true;
      caller.release();
      sendStatus(stream, status);
    });
    stream.on('end', () => {
      // Also what was broken off ends.
      if (isRefused || stream.closed) return;
      void this.#forward(stream, raw, method, caller, collector.take());
    });
  }

  /** @returns why it is not taken */
  #take(
    chunk: Buffer,
    collector: MessageCollector,
    caller: Caller,
    { input }: UnaryMethod,
  ): Status | undefined {
    if (!caller.hold(chunk.length)) {
      const known = typeof input === 'string' ? input : otherInput;
      this.#options.observer.ended(known, 'memory', undefined, 0);
      return { code: StatusCode.unavailable, message: explainRefusal('memory') };
    }
    if (collector.add(chunk)) return undefined;
    const message = `the message is larger than ${this.#options.limits.maxMessageBytes} bytes`;
    return { code: StatusCode.resourceExhausted, message };
  }

  async #forward(
    stream: ServerHttp2Stream,
    raw: RawHeaders,
    method: UnaryMethod,
    caller: Caller,
    message: Buffer,
  ): Promise<void> {
    if (!isOneMessage(message)) {
      sendStatus(stream, { code: StatusCode.internal, message: 'not one gRPC message' });
      return;
    }
    const { dispatcher, observer, limits } = this.#options;
    const context = { pods: this.#pods, observer, limits };
    const input = this.#inputOf(method, message);
    const call = new UnaryCall(context, method, input, caller, raw, message);
    const delivered = await dispatcher.deliver(call);
    if (delivered.result === 'answered') sendAnswer(stream, delivered.answer);
    else endWithout(stream, delivered, caller);
  }

  async #pipe(stream: ServerHttp2Stream, raw: RawHeaders): Promise<void> {
    const caller = new Caller(stream, raw, this.#options.held);
    const call = new PipedCall(stream, raw, caller, this.#pods);
    const delivered = await this.#options.dispatcher.deliver(call);
    if (delivered.result !== 'answered') endWithout(stream, delivered, caller);
  }

  #inputOf({ input }: UnaryMethod, message: Buffer): string {
    if (typeof input === 'string') return input;
    const component = componentOf(message, input);
    return this.#inputs.has(component) ? component : otherInput;
  }
}

function isGrpc(headers: IncomingHttpHeaders): boolean {
  return (
    headers[':method'] === 'POST' &&
    headers['content-type']?.startsWith('application/grpc') === true
  );
}

function okAnswer(message: Buffer): PodAnswer {
  return {
    headers: [':status', '200', 'content-type', 'application/grpc'],
    message,
    trailers: ['grpc-status', '0'],
  };
}

/** Tells the caller why there is no answer, or not all of it. */
function endWithout(
  stream: ServerHttp2Stream,
  delivered: Exclude<Delivered<unknown>, { readonly result: 'answered' }>,
  caller: Caller,
): void {
  const status = statusWithoutAnswer(delivered, caller);
  if (status === undefined) return;
  if (stream.headersSent) endWith(stream, statusTrailers(status));
  else sendStatus(stream, status);
}

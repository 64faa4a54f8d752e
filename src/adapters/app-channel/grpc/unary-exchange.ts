import { type ClientHttp2Stream, constants } from 'node:http2';
import type { Cancellation } from '../../../proxy/delivery.ts';
import { cancelled, type Exchanged } from '../exchanged.ts';
import { MessageCollector } from './framing.ts';
import { answerHeaders, type RawHeaders } from './metadata.ts';
import type { PlaceSeeker } from './place-seeker.ts';
import { answerOf, areOfGrpc, asGrpcAnswer, type PodAnswer } from './pod-answer.ts';
import type { PodSession } from './pod-session.ts';
import { ignoreError } from './server-stream.ts';
import { StatusCode } from './status.ts';

/** One call to one pod, with one message. */
export interface PodRequest {
  readonly headers: readonly string[];
  /** Framed. */
  readonly message: Buffer;
  readonly cancellation: Cancellation;
  readonly maxAnswerBytes: number;
  /** 0 sets no limit. */
  readonly answerTimeoutMs: number;
}

/** Sends one message to one pod and collects what it answers. */
export class UnaryExchange implements PlaceSeeker {
  readonly result: Promise<Exchanged<PodAnswer>>;
  isSettled = false;
  readonly #request: PodRequest;
  readonly #resolve: (result: Exchanged<PodAnswer>) => void;
  readonly #ignoreCancellation: () => void;
  readonly #message: MessageCollector;
  #stream: ClientHttp2Stream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #headers: RawHeaders | undefined;
  #trailers: RawHeaders | undefined;

  constructor(request: PodRequest) {
    const { promise, resolve } = Promise.withResolvers<Exchanged<PodAnswer>>();
    this.result = promise;
    this.#request = request;
    this.#resolve = resolve;
    this.#message = new MessageCollector(request.maxAnswerBytes);
    this.#ignoreCancellation = request.cancellation.onCancel(() => this.#abandon(cancelled));
  }

  start(session: PodSession): void {
    const stream = session.request(this.#request.headers);
    this.#stream = stream;
    stream.on('response', (_headers, flags, raw) => {
      session.heard();
      this.#headers = answerHeaders(raw);
      if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
        this.#answer();
      } else if (!areOfGrpc(raw)) {
        // An error page of 404 or the like: nobody reads it.
        this.#answer();
        stream.close(constants.NGHTTP2_CANCEL);
      }
    });
    stream.on('data', (chunk: Buffer) => {
      session.heard();
      if (!this.isSettled && !this.#message.add(chunk)) this.#refuseAnswer();
    });
    stream.on('trailers', (_trailers, _flags, raw) => {
      this.#trailers = answerHeaders(raw);
    });
    // The headers, if any, are in, and the trailers too, unless the stream was reset.
    stream.on('end', () => {
      if (this.#trailers !== undefined) this.#answer();
    });
    stream.on('close', () => this.#closed(stream, session));
    stream.on('error', ignoreError);
    stream.end(this.#request.message);
    if (this.#request.answerTimeoutMs > 0) this.#limitTime(this.#request.answerTimeoutMs);
  }

  unreached(cause: string): void {
    this.#settle({ result: 'unreached', cause });
  }

  #answer(): void {
    if (this.isSettled || this.#headers === undefined) return;
    const answer = {
      headers: this.#headers,
      message: this.#message.take(),
      trailers: this.#trailers,
    };
    this.#settle({ result: 'answered', answer: asGrpcAnswer(answer) });
  }

  #closed(stream: ClientHttp2Stream, session: PodSession): void {
    if (this.isSettled) return;
    if (this.#headers !== undefined) {
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR && !session.isGone) {
        this.#answer();
        return;
      }
    } else if (session.sawNothingOf(stream)) {
      this.#settle({ result: 'unreached', cause: session.explain(stream) });
      return;
    }
    this.#settle({ result: 'lost', cause: session.explain(stream) });
  }

  #refuseAnswer(): void {
    const { maxAnswerBytes } = this.#request;
    const message = `the pod's answer is larger than ${maxAnswerBytes} bytes`;
    const answer = answerOf({ code: StatusCode.resourceExhausted, message });
    this.#abandon({ result: 'answered', answer });
  }

  #limitTime(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#abandon({ result: 'lost', cause: `no answer within ${milliseconds} ms` });
    }, milliseconds);
  }

  #abandon(result: Exchanged<PodAnswer>): void {
    this.#settle(result);
    this.#stream?.close(constants.NGHTTP2_CANCEL);
  }

  #settle(result: Exchanged<PodAnswer>): void {
    if (this.isSettled) return;
    this.isSettled = true;
    clearTimeout(this.#timer);
    this.#ignoreCancellation?.();
    this.#resolve(result);
  }
}

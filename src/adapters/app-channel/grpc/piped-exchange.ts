import { type ClientHttp2Stream, constants, type ServerHttp2Stream } from 'node:http2';
import type { Attempt, Cancellation } from '../../../proxy/delivery.ts';
import { answerHeaders, headerValue, type RawHeaders } from './metadata.ts';
import type { PlaceSeeker } from './place-seeker.ts';
import { areOfGrpc, asGrpcAnswer } from './pod-answer.ts';
import type { PodSession } from './pod-session.ts';
import type { RequestPipe } from './request-pipe.ts';
import { beginAnswer, endWith, ignoreError, sendAnswer } from './server-stream.ts';

/** One call passed on to one pod piece by piece, in both directions. */
export class PipedExchange implements PlaceSeeker {
  readonly result: Promise<Attempt<undefined>>;
  isSettled = false;
  readonly #caller: ServerHttp2Stream;
  readonly #request: RequestPipe;
  readonly #headers: RawHeaders;
  readonly #resolve: (result: Attempt<undefined>) => void;
  readonly #ignoreCancellation: () => void;
  #stream: ClientHttp2Stream | undefined;
  #hasBegun = false;
  #trailers: RawHeaders | undefined;

  constructor(
    caller: ServerHttp2Stream,
    request: RequestPipe,
    headers: RawHeaders,
    cancellation: Cancellation,
  ) {
    const { promise, resolve } = Promise.withResolvers<Attempt<undefined>>();
    this.result = promise;
    this.#caller = caller;
    this.#request = request;
    this.#headers = headers;
    this.#resolve = resolve;
    this.#ignoreCancellation = cancellation.onCancel(() => {
      this.#settle({ result: 'cancelled' });
      this.#stream?.close(constants.NGHTTP2_CANCEL);
    });
  }

  start(session: PodSession): void {
    const stream = session.request(this.#headers);
    this.#stream = stream;
    stream.on('response', (_headers, flags, raw) => {
      session.heard();
      this.#begin(answerHeaders(raw), (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0);
    });
    stream.on('data', (chunk: Buffer) => {
      session.heard();
      if (!this.isSettled && !this.#caller.write(chunk)) stream.pause();
    });
    stream.on('trailers', (_trailers, _flags, raw) => {
      this.#trailers = answerHeaders(raw);
    });
    stream.on('end', () => this.#end());
    stream.on('close', () => this.#closed(stream, session));
    stream.on('error', ignoreError);
    this.#caller.on('drain', () => stream.resume());
    this.#request.connect(stream);
  }

  unreached(cause: string): void {
    this.#settle({ result: 'unreached', cause });
  }

  #begin(headers: RawHeaders, isWhole: boolean): void {
    if (this.isSettled) return;
    this.#request.keepNoMore();
    if (isWhole || !areOfGrpc(headers)) {
      const answer = asGrpcAnswer({ headers, message: Buffer.alloc(0), trailers: undefined });
      sendAnswer(this.#caller, answer);
      this.#answered(answer.headers);
      if (!isWhole) this.#stream?.close(constants.NGHTTP2_CANCEL);
      return;
    }
    this.#hasBegun = true;
    beginAnswer(this.#caller, headers);
  }

  #end(): void {
    if (this.isSettled || this.#trailers === undefined) return;
    endWith(this.#caller, this.#trailers);
    this.#answered(this.#trailers);
  }

  #closed(stream: ClientHttp2Stream, session: PodSession): void {
    if (this.isSettled) return;
    const isUnseen = !this.#hasBegun && session.sawNothingOf(stream);
    const result = isUnseen && this.#request.canRepeat ? 'unreached' : 'lost';
    this.#settle({ result, cause: session.explain(stream) });
  }

  #answered(trailers: RawHeaders): void {
    const verdict = headerValue(trailers, 'grpc-status') === '0' ? 'success' : 'error';
    this.#settle({ result: 'answered', answer: undefined, verdict });
  }

  #settle(result: Attempt<undefined>): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#request.disconnect();
    this.#ignoreCancellation?.();
    this.#resolve(result);
  }
}

import { constants, type ServerHttp2Stream, type ServerStreamResponseOptions } from 'node:http2';
import { type RawHeaders, statusHeaders, trailersObject } from './metadata.ts';
import type { PodAnswer } from './pod-answer.ts';
import type { Status } from './status.ts';

/** Node's types leave `sendDate` out: headers go out as they came, without a date of ours. */
type ResponseOptions = ServerStreamResponseOptions & { readonly sendDate: false };

const withTrailers: ResponseOptions = { waitForTrailers: true, sendDate: false };
const nothingElse: ResponseOptions = { endStream: true, sendDate: false };

/** Ends a call with a whole answer. Does nothing where the caller has gone. */
export function sendAnswer(stream: ServerHttp2Stream, answer: PodAnswer): void {
  if (stream.closed || stream.destroyed) return;
  const { headers, message, trailers } = answer;
  if (trailers === undefined) {
    stream.respond(headers, nothingElse);
    return;
  }
  stream.respond(headers, withTrailers);
  stream.on('wantTrailers', () => stream.sendTrailers(trailersObject(trailers)));
  if (message.length > 0) stream.end(message);
  else stream.end();
}

/** For the `error` of a stream: its `close` comes as well, and says as much. */
export function ignoreError(): void {}

/** Begins an answer that is passed on piece by piece, and ended by `endWith`. */
export function beginAnswer(stream: ServerHttp2Stream, headers: RawHeaders): void {
  if (!stream.closed && !stream.destroyed) stream.respond(headers, withTrailers);
}

/** Ends an answer that was begun, and takes no more of what the caller sends. */
export function endWith(stream: ServerHttp2Stream, trailers: RawHeaders): void {
  if (stream.closed || stream.destroyed) return;
  stream.on('wantTrailers', () => {
    stream.sendTrailers(trailersObject(trailers));
    stopReading(stream);
  });
  stream.end();
}

/** Ends a call that nothing was said of yet, and takes no more of what it sends. */
export function sendStatus(stream: ServerHttp2Stream, status: Status): void {
  if (stream.closed || stream.destroyed) return;
  stream.respond(statusHeaders(status), nothingElse);
  stopReading(stream);
}

/**
 * Once the whole answer is out, a caller that still sends is told to stop
 * (RFC 9113, 8.1): nobody would read it, and the stream would stay.
 */
function stopReading(stream: ServerHttp2Stream): void {
  if (stream.readableEnded) return;
  stream.resume();
  // After what was sent last, which Node does in an immediate of its own.
  setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
}

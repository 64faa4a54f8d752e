import { headerValue, type RawHeaders, statusHeaders } from './metadata.ts';
import { type Status, statusOfHttp } from './status.ts';

/** A whole answer to a call that has one message. */
export interface PodAnswer {
  /** With `:status`, which is 200. */
  readonly headers: RawHeaders;
  /** Framed, as it came; empty where there is none. */
  readonly message: Buffer;
  /** Undefined where the headers are the whole answer, and have the status. */
  readonly trailers: RawHeaders | undefined;
}

const noMessage = Buffer.alloc(0);

export function answerOf(status: Status): PodAnswer {
  return { headers: statusHeaders(status), message: noMessage, trailers: undefined };
}

/** The value of `grpc-status`, e.g. `0`. */
export function statusOf({ headers, trailers }: PodAnswer): string | undefined {
  return headerValue(trailers ?? headers, 'grpc-status');
}

/** Whether these headers begin an answer of a gRPC server. */
export function areOfGrpc(headers: RawHeaders): boolean {
  return (
    headerValue(headers, ':status') === '200' &&
    headerValue(headers, 'content-type')?.startsWith('application/grpc') === true
  );
}

/**
 * What daprd may get of what a pod sent: its answer as it is, if that is one of gRPC. What
 * an HTTP server or a proxy on the way said is told as the status that it stands for,
 * because daprd would do so too, and take 404 for UNIMPLEMENTED without our knowing.
 */
export function asGrpcAnswer(answer: PodAnswer): PodAnswer {
  if (areOfGrpc(answer.headers) && statusOf(answer) !== undefined) return answer;
  const httpStatus = headerValue(answer.headers, ':status');
  return answerOf({
    code: statusOfHttp(httpStatus),
    message: `the pod's answer is not one of gRPC; its HTTP status is ${httpStatus}`,
  });
}

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

/**
 * What daprd may get of what a pod sent: its answer as it is, if that is one of gRPC. What
 * an HTTP server or a proxy on the way said is told as the status that it stands for,
 * because daprd would do so too, and take 404 for UNIMPLEMENTED without our knowing.
 */
export function asGrpcAnswer(answer: PodAnswer): PodAnswer {
  const httpStatus = headerValue(answer.headers, ':status');
  if (httpStatus === '200' && statusOf(answer) !== undefined) return answer;
  return answerOf({
    code: statusOfHttp(httpStatus),
    message: `the pod gave no gRPC status, and HTTP status ${httpStatus}`,
  });
}

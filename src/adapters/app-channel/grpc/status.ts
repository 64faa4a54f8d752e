/** The status codes that the proxy gives by itself or looks for (grpc/grpc, doc/statuscodes.md). */
export const StatusCode = {
  unknown: 2,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export type StatusCode = (typeof StatusCode)[keyof typeof StatusCode];

/** How a call ends that no pod answered. */
export interface Status {
  readonly code: StatusCode;
  /** Any text; encoded when it is sent. */
  readonly message: string;
}

/**
 * What an HTTP status stands for where something other than a gRPC server answered
 * (grpc/grpc, doc/http-grpc-status-mapping.md).
 */
export function statusOfHttp(httpStatus: string | undefined): StatusCode {
  switch (httpStatus) {
    case '400':
      return StatusCode.internal;
    case '401':
      return StatusCode.unauthenticated;
    case '403':
      return StatusCode.permissionDenied;
    case '404':
      return StatusCode.unimplemented;
    case '429':
    case '502':
    case '503':
    case '504':
      return StatusCode.unavailable;
    default:
      return StatusCode.unknown;
  }
}

/** `grpc-message` holds printable ASCII; everything else, and `%`, as its UTF-8 bytes in hex. */
export function encodeMessage(message: string): string {
  return message
    .toWellFormed()
    .replaceAll(/[^ -$&-~]+/g, (text) =>
      [...new TextEncoder().encode(text)]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    );
}

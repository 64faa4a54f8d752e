import type { Socket } from 'node:net';
import type { PodRequest } from './pod-exchange.ts';
import { headerLines, writeMessage } from './write-message.ts';

/** Methods whose request has no body unless it is said (RFC 9110, 8.6). */
const bodilessMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'TRACE']);

/**
 * Writes a request, with a Content-Length: Dapr's Go SDK takes a chunked body for an
 * empty one.
 *
 * @param host of the pod
 * @returns false when none of it was sent
 */
export function writeRequest(socket: Socket, request: PodRequest, host: string): boolean {
  const { method, path, headers, body } = request;
  const hasLength = body.length > 0 || !bodilessMethods.has(method);
  const length = hasLength ? `content-length: ${body.length}\r\n` : '';
  const head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${headerLines(headers)}${length}`;
  return writeMessage(socket, head, body);
}

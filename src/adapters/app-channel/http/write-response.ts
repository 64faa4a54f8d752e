import type { Socket } from 'node:net';
import type { PodAnswer } from './response-parser.ts';
import { headerLines, writeMessage } from './write-message.ts';

const noBody = Buffer.alloc(0);

/**
 * Writes an answer to daprd.
 *
 * @param method of the request: HEAD gets no body
 * @param isLast whether the connection closes after it
 */
export function writeResponse(
  socket: Socket,
  { status, headers, body }: PodAnswer,
  method: string,
  isLast: boolean,
): void {
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
  const length = hasBody ? `content-length: ${body.length}\r\n` : '';
  const connection = isLast ? 'connection: close\r\n' : '';
  // The phrase after the status may be left out (RFC 9112, 4), and nobody reads it.
  const head = `HTTP/1.1 ${status} \r\n${headerLines(headers)}${length}${connection}`;
  writeMessage(socket, head, hasBody ? body : noBody);
}

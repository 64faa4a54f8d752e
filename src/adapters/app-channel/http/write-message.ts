import type { Socket } from 'node:net';
import type { RawHeaders } from './raw-headers.ts';

/** Up to here, copying a body behind its head is cheaper than handing over two pieces. */
const copiedBodyMaxBytes = 16 * 1024;

/**
 * Writes a message, whole. Header values are bytes in Latin-1, as the parsers read
 * them, and go out as they came in.
 *
 * Writing to a connection that is known to be broken fails here and now, and then
 * nothing of it has left: the system takes a first piece or none.
 *
 * @param head first line and headers, with their line ends, without the empty line
 * @returns false when none of it was sent
 */
export function writeMessage(socket: Socket, head: string, body: Buffer): boolean {
  if (socket.destroyed || !socket.writable) return false;
  if (body.length <= copiedBodyMaxBytes) {
    const whole = Buffer.allocUnsafe(head.length + 2 + body.length);
    whole.write(head, 0, 'latin1');
    whole.write('\r\n', head.length, 'latin1');
    body.copy(whole, head.length + 2);
    socket.write(whole);
  } else {
    socket.cork();
    socket.write(`${head}\r\n`, 'latin1');
    socket.write(body);
    socket.uncork();
  }
  return socket.errored === null;
}

/** Headers as lines. */
export function headerLines(headers: RawHeaders): string {
  let lines = '';
  for (let index = 0; index + 1 < headers.length; index += 2) {
    lines += `${headers[index]}: ${headers[index + 1]}\r\n`;
  }
  return lines;
}

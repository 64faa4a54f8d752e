import type { Readable } from 'node:stream';
import { HttpError } from './http-error.ts';

/** etcd stores objects of 1.5 MiB at most; an UPDATE sends the old one beside the new one. */
const bodyLimitBytes = 4 * 1024 * 1024;

/** How much too large a body may be to be read to its end all the same. */
const drainedLimitBytes = 16 * bodyLimitBytes;

/**
 * Reads a body whole.
 *
 * One that is too large is read on and thrown away before it is refused: a
 * client that is cut off while it still writes sees a broken connection instead
 * of the answer.
 *
 * @param done called once, with the body or with HttpError bodyTooLarge or the stream's error
 */
export function readBody(
  stream: Readable,
  done: (error: Error | undefined, body: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isDone = false;
  const end = (error?: Error): void => {
    if (isDone) return;
    isDone = true;
    done(error, chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
  };
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= bodyLimitBytes) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > drainedLimitBytes) end(new HttpError('bodyTooLarge'));
  });
  stream.once('end', () => end(bytes > bodyLimitBytes ? new HttpError('bodyTooLarge') : undefined));
  stream.once('error', end);
}

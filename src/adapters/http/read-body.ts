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
 * @throws HttpError bodyTooLarge
 */
export async function readBody(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= bodyLimitBytes) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > drainedLimitBytes) break;
  }
  if (bytes > bodyLimitBytes) throw new HttpError('bodyTooLarge');
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

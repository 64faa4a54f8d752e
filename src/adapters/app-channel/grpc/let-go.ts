import type { Http2Stream } from 'node:http2';
import { ignoreError } from './server-stream.ts';

/**
 * Takes off a stream that has closed whatever listens to it. V8 keeps Node's handle of a
 * stream, and the stream with it, until it collects the old generation: what listeners
 * lead to, messages and headers included, would be kept as long, and moved there.
 */
export function letGo(stream: Http2Stream): void {
  stream.removeAllListeners();
  stream.on('error', ignoreError);
}

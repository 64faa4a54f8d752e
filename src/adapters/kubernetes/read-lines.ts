/**
 * Lines of a stream, without their ends.
 *
 * Only `\n` ends a line; `node:readline` would also split at U+2028, which a JSON
 * string may hold. What follows the last `\n` is dropped: a connection broke in
 * the middle of it, and whoever asks again is told again.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

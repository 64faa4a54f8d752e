import { expect, test } from 'vitest';
import { readLines } from '../../../src/adapters/kubernetes/read-lines.ts';

async function linesOf(...chunks: Uint8Array[]): Promise<string[]> {
  const lines: string[] = [];
  async function* stream() {
    yield* chunks;
  }
  for await (const line of readLines(stream())) lines.push(line);
  return lines;
}

test('lines come whole, however the stream is cut', async () => {
  const bytes = Buffer.from('{"name":"größe"}\n{"separator":"\u2028"}\n\nlast\n');
  const expected = ['{"name":"größe"}', '{"separator":"\u2028"}', '', 'last'];
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    expect(await linesOf(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(expected);
  }
  expect(await linesOf(...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
});

test('a line that was cut off is dropped', async () => {
  expect(await linesOf(Buffer.from('{"a":1}\n{"b":'))).toEqual(['{"a":1}']);
});

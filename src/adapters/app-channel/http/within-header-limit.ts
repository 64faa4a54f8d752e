import type { RawHeaders } from './raw-headers.ts';
import type { PodAnswer } from './response-parser.ts';

/**
 * daprd reads 4 KiB of an answer's head by default (`dapr.io/read-buffer-size`), and
 * takes one with more for a failure. What the first line and the framing need is
 * left to them.
 */
const headersMaxBytes = 4096 - 256;
const lineOverhead = ': \r\n'.length;

/**
 * The answer to an event with headers that daprd can read. It looks at none but the
 * content type, so that those of a pod which sends too many can go.
 */
export function withinHeaderLimit(answer: PodAnswer): PodAnswer {
  const { headers } = answer;
  let bytes = 0;
  for (const part of headers) bytes += part.length;
  bytes += (headers.length / 2) * lineOverhead;
  return bytes <= headersMaxBytes ? answer : { ...answer, headers: contentTypeOf(headers) };
}

function contentTypeOf(headers: RawHeaders): RawHeaders {
  const index = headers.findIndex(
    (name, position) => position % 2 === 0 && name.toLowerCase() === 'content-type',
  );
  const kept = index === -1 ? [] : headers.slice(index, index + 2);
  return kept.join('').length <= headersMaxBytes ? kept : [];
}

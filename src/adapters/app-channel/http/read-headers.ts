import { isFramingHeader } from './raw-headers.ts';

/** What the headers of a message say. */
export interface ReadHeaders {
  /** Names and values in turn, without those that are about the connection or the framing. */
  readonly headers: string[];
  /** Bytes of the body; undefined where that is not said. */
  readonly length: number | undefined;
  readonly isChunked: boolean;
  /** Whether the connection closes after this message, and whether it is said to stay. */
  readonly isClosing: boolean;
  readonly isKept: boolean;
  readonly keepAlive: string | undefined;
  readonly expects: string | undefined;
}

/** A field name (RFC 9110, 5.1). */
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/**
 * What a head may not hold (RFC 9110, 5.5): control characters, which are all but
 * these, and line ends that are half of one.
 */
const forbidden = /[^\t\n\r -~\u0080-\uffff]|\r(?!\n)|(?<!\r)\n/;
/** A `Connection` option of that name, in lower case after a comma. */
const closeOption = /,[ \t]*close[ \t]*(?:,|$)/;
const keepAliveOption = /,[ \t]*keep-alive[ \t]*(?:,|$)/;

/**
 * Reads the headers of a message (RFC 9112, 5). Values are bytes, read as Latin-1.
 *
 * @param head of the message, first line included, without the empty line at its end
 * @throws Error whose message says what is wrong
 */
export function readHeaders(head: string): ReadHeaders {
  if (forbidden.test(head)) throw new Error('a head with control characters');
  const headers: string[] = [];
  let length: number | undefined;
  let isChunked = false;
  let connection = '';
  let keepAlive: string | undefined;
  let expects: string | undefined;
  let end = lineEndIn(head, 0);
  while (end < head.length) {
    const start = end + 2;
    end = lineEndIn(head, start);
    const colon = head.indexOf(':', start);
    const name = head.slice(start, Math.max(colon, start));
    if (colon > end || !fieldName.test(name)) throw new Error('a header that is none');
    const value = withoutBlanks(head, colon + 1, end);
    if (!isFramingHeader(name)) {
      headers.push(name, value);
      continue;
    }
    switch (name.toLowerCase()) {
      case 'content-length':
        length = readLength(value, length);
        break;
      case 'transfer-encoding':
        isChunked = readCoding(value, isChunked);
        break;
      case 'connection':
        connection += `,${value.toLowerCase()}`;
        break;
      case 'keep-alive':
        keepAlive = value;
        break;
      case 'expect':
        expects = value;
        break;
    }
  }
  // Two lengths for one body: one of the two sides would take a part of it for the next message.
  if (isChunked && length !== undefined) throw new Error('both a length and chunks');
  return {
    headers: connection === '' ? headers : withoutNominated(headers, connection),
    length,
    isChunked,
    isClosing: closeOption.test(connection),
    isKept: keepAliveOption.test(connection),
    keepAlive,
    expects,
  };
}

function lineEndIn(head: string, start: number): number {
  const end = head.indexOf('\r\n', start);
  return end === -1 ? head.length : end;
}

/** Blanks and tabs alone: `trim` takes bytes of UTF-8 away as well, which look like blanks in Latin-1. */
function withoutBlanks(text: string, start: number, end: number): string {
  let [first, last] = [start, end];
  while (first < last && isBlank(text, first)) first += 1;
  while (last > first && isBlank(text, last - 1)) last -= 1;
  return text.slice(first, last);
}

function isBlank(text: string, index: number): boolean {
  const character = text[index];
  return character === ' ' || character === '\t';
}

/** Headers that `Connection` names are about this connection as well (RFC 9110, 7.6.1). */
function withoutNominated(headers: string[], connection: string): string[] {
  if (connection === ',keep-alive' || connection === ',close') return headers;
  const nominated = new Set(connection.split(',').map((option) => option.trim()));
  for (const option of ['', 'close', 'keep-alive']) nominated.delete(option);
  if (nominated.size === 0) return headers;
  return headers.filter(
    (_, index) => !nominated.has((headers[index - (index % 2)] ?? '').toLowerCase()),
  );
}

function readLength(value: string, before: number | undefined): number {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  if (length === undefined || (before !== undefined && before !== length)) {
    throw new Error('a Content-Length that is none');
  }
  return length;
}

function readCoding(value: string, before: boolean): boolean {
  // Nobody was told (TE) that another coding would be understood.
  if (before || value.toLowerCase() !== 'chunked') throw new Error('an unknown Transfer-Encoding');
  return true;
}

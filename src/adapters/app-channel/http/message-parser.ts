import { BodyCollector } from '../body-collector.ts';
import type { RawHeaders } from './raw-headers.ts';
import { readHeaders } from './read-headers.ts';

/** What follows a head. */
export type Follows =
  /** Another head: this was an interim one (100 Continue). */
  | 'another'
  /** No body, whatever the headers say. */
  | 'nothing'
  /** No body, and the headers say how long it would have been (HEAD). */
  | 'its length alone'
  /** A body as the headers frame it, and none where they do not. */
  | 'framed body'
  /** A body as the headers frame it, and all until the end of the connection where they do not. */
  | 'body';

export interface ParserLimits {
  readonly headMaxBytes: number;
  readonly bodyMaxBytes: number;
}

/** A message larger than the limits, told apart because the sender did nothing wrong. */
export class MessageTooLarge extends Error {}

const chunkLineMaxBytes = 4 * 1024;

const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');
const noBytes = Buffer.alloc(0);

type Framing = 'length' | 'chunked' | 'until close';
type State = 'head' | 'body' | 'chunk size' | 'chunk' | 'chunk end' | 'trailers' | 'done';

/**
 * Reads HTTP/1.x messages (RFC 9112), one after another, from the bytes of a
 * connection. Strict: what is not plainly well-formed is an error, since
 * everything after it could belong to anything. Header values are bytes, read as
 * Latin-1, so that they can be written as they were.
 *
 * `feed` and `end` throw an Error whose message says what is wrong.
 */
export abstract class MessageParser<Message> {
  /** Headers of the message, without those that are about the connection or the framing. */
  protected headers: string[] = [];
  /** Whether the connection may carry another message; known when this one is whole. */
  isReusable = false;
  /** Bytes after the message that is whole. */
  surplus: Buffer = noBytes;

  readonly #limits: ParserLimits;
  #state: State = 'head';
  /** Bytes that are not enough to go on. */
  #rest: Buffer = noBytes;
  #framing: Framing = 'length';
  /** Bytes of the body, or of the chunk, that are to come. */
  #expected = 0;
  readonly #body = new BodyCollector();

  constructor(limits: ParserLimits) {
    this.#limits = limits;
  }

  /** Reads the first line of a head. */
  protected abstract readStart(line: string): { follows: Follows; isHttp11: boolean };
  /** Gets `Keep-Alive` and `Expect`, where they are there. */
  protected abstract readConnection(
    keepAlive: string | undefined,
    expects: string | undefined,
  ): void;
  protected abstract whole(headers: RawHeaders, body: Buffer): Message;
  /** Told of bytes of the body before they come. @returns whether there is room for them */
  protected abstract hold(bytes: number): boolean;

  /** Whether there was no room for the body: it is read, and not kept. */
  get isSkipped(): boolean {
    return this.#body.isSkipped;
  }

  /** Whether something of a message has arrived, and not all of it. */
  get isWithin(): boolean {
    return this.#rest.length > 0 || (this.#state !== 'head' && this.#state !== 'done');
  }

  /** Takes what arrived. @returns the message when it is whole */
  feed(bytes: Buffer): Message | undefined {
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = noBytes;
    for (;;) {
      const taken = this.#take(rest);
      if (taken === undefined) break;
      if (taken > 0) rest = rest.subarray(taken);
      if (this.#state === 'done') {
        this.surplus = rest;
        return this.#finish();
      }
    }
    this.#rest = rest;
    return undefined;
  }

  /** The other side has said all it will. @returns the message when that is how it ends */
  end(): Message | undefined {
    if (this.#state !== 'body' || this.#framing !== 'until close') return undefined;
    this.isReusable = false;
    return this.#finish();
  }

  /** Gets ready for the next message. What was `surplus` has to be fed again. */
  reset(): void {
    this.#state = 'head';
    this.#rest = noBytes;
    this.surplus = noBytes;
    this.#body.reset();
    this.headers = [];
  }

  #finish(): Message {
    this.#state = 'done';
    return this.whole(this.headers, this.#body.take());
  }

  /** @returns how many bytes were used; undefined when more have to come */
  #take(bytes: Buffer): number | undefined {
    switch (this.#state) {
      case 'head':
        return this.#takeHead(bytes);
      case 'body':
      case 'chunk':
        return this.#takeBody(bytes);
      case 'chunk size':
        return this.#takeChunkSize(bytes);
      case 'chunk end':
        return this.#takeChunkEnd(bytes);
      case 'trailers':
        return this.#takeTrailer(bytes);
      case 'done':
        return undefined;
    }
  }

  #takeHead(bytes: Buffer): number | undefined {
    const end = bytes.indexOf(headEnd);
    const { headMaxBytes } = this.#limits;
    if (end > headMaxBytes || (end === -1 && bytes.length > headMaxBytes)) {
      throw new MessageTooLarge(`headers of more than ${headMaxBytes} bytes`);
    }
    if (end === -1) return undefined;
    this.#readHead(bytes.toString('latin1', 0, end));
    return end + headEnd.length;
  }

  #readHead(head: string): void {
    const end = head.indexOf('\r\n');
    const { follows, isHttp11 } = this.readStart(end === -1 ? head : head.slice(0, end));
    if (follows === 'another') return;
    const { headers, length, isChunked, isClosing, isKept, keepAlive, expects } = readHeaders(head);
    if (follows === 'its length alone' && length !== undefined) {
      headers.push('content-length', String(length));
    }
    this.headers = headers;
    this.isReusable = isHttp11 ? !isClosing : isKept;
    this.readConnection(keepAlive, expects);
    this.#expect(follows, length, isChunked);
  }

  #expect(follows: Follows, length: number | undefined, isChunked: boolean): void {
    this.#state = 'done';
    if (follows === 'nothing' || follows === 'its length alone') return;
    if (isChunked) {
      this.#framing = 'chunked';
      this.#state = 'chunk size';
    } else if (length !== undefined) {
      this.#checkSize(length);
      this.#framing = 'length';
      this.#expectBytes(length);
      this.#body.expect(length);
      if (length > 0) this.#state = 'body';
    } else if (follows === 'body') {
      this.#framing = 'until close';
      this.#state = 'body';
    }
  }

  #takeBody(bytes: Buffer): number | undefined {
    if (bytes.length === 0) return undefined;
    const isWhole = this.#framing === 'until close' || bytes.length <= this.#expected;
    const part = isWhole ? bytes : bytes.subarray(0, this.#expected);
    this.#body.add(part);
    this.#checkSize(this.#body.bytes);
    if (this.#framing === 'until close') return part.length;
    this.#expected -= part.length;
    if (this.#expected === 0) this.#state = this.#state === 'body' ? 'done' : 'chunk end';
    return part.length;
  }

  #takeChunkSize(bytes: Buffer): number | undefined {
    const end = findLineEnd(bytes);
    if (end === undefined) return undefined;
    const [, digits] =
      /^([0-9a-fA-F]{1,8})[ \t]*(?:;|$)/.exec(bytes.toString('latin1', 0, end)) ?? [];
    if (digits === undefined) throw new Error('a chunk without a size');
    const size = Number.parseInt(digits, 16);
    this.#checkSize(this.#body.bytes + size);
    this.#expectBytes(size);
    this.#state = this.#expected === 0 ? 'trailers' : 'chunk';
    return end + lineEnd.length;
  }

  #takeChunkEnd(bytes: Buffer): number | undefined {
    if (bytes.length < lineEnd.length) return undefined;
    if (findLineEnd(bytes) !== 0) throw new Error('a chunk that is longer than its size');
    this.#state = 'chunk size';
    return lineEnd.length;
  }

  /** Trailers are passed over: nobody here reads any. */
  #takeTrailer(bytes: Buffer): number | undefined {
    const end = findLineEnd(bytes);
    if (end === undefined) return undefined;
    if (end === 0) this.#state = 'done';
    return end + lineEnd.length;
  }

  #expectBytes(bytes: number): void {
    this.#expected = bytes;
    if (bytes > 0 && !this.isSkipped && !this.hold(bytes)) this.#body.skip();
  }

  #checkSize(bytes: number): void {
    const { bodyMaxBytes } = this.#limits;
    if (bytes > bodyMaxBytes)
      throw new MessageTooLarge(`a body of more than ${bodyMaxBytes} bytes`);
  }
}

function findLineEnd(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(lineEnd);
  if (end > chunkLineMaxBytes || (end === -1 && bytes.length > chunkLineMaxBytes)) {
    throw new Error('a chunk line that does not end');
  }
  return end === -1 ? undefined : end;
}

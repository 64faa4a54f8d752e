import type { HeldBytes } from '../../../proxy/held-bytes.ts';
import { type Follows, MessageParser } from './message-parser.ts';
import type { RawHeaders } from './raw-headers.ts';

/** What daprd asks, whole. */
export interface DaprRequest {
  readonly method: string;
  /** Path and query, as they were written. */
  readonly target: string;
  /** Without those that are about the connection or the framing, `Host` included. */
  readonly headers: RawHeaders;
  readonly body: Buffer;
}

/** daprd writes what a broker knows of an event into headers, and a broker may know much. */
const headMaxBytes = 1024 * 1024;

/** The path form alone: who sends another takes this for a proxy of the world. */
const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\/[^ ]*) HTTP\/1\.([01])$/;

/** Reads the requests that come over one connection from daprd. */
export class RequestParser extends MessageParser<DaprRequest> {
  /** Whether the sender waits to be told to send the body (`Expect: 100-continue`). */
  isAwaitingContinue = false;
  #method = '';
  #target = '';
  readonly #held: HeldBytes;
  /** Of the body that is coming, or has come last. */
  #heldBytes = 0;

  /** @param bodyMaxBytes largest body */
  constructor(bodyMaxBytes: number, held: HeldBytes) {
    super({ headMaxBytes, bodyMaxBytes });
    this.#held = held;
  }

  /** Nobody needs the body any more. */
  release(): void {
    this.#held.free(this.#heldBytes);
    this.#heldBytes = 0;
  }

  protected override hold(bytes: number): boolean {
    if (!this.#held.take(bytes)) {
      this.release();
      return false;
    }
    this.#heldBytes += bytes;
    return true;
  }

  protected override readStart(line: string): { follows: Follows; isHttp11: boolean } {
    const [, method, target, minor] = requestLine.exec(line) ?? [];
    if (method === undefined || target === undefined) throw new Error('no request line of HTTP/1');
    this.#method = method;
    this.#target = target;
    return { follows: 'framed body', isHttp11: minor === '1' };
  }

  protected override readConnection(_keepAlive: unknown, expects: string | undefined): void {
    this.isAwaitingContinue = expects?.toLowerCase() === '100-continue';
  }

  protected override whole(headers: RawHeaders, body: Buffer): DaprRequest {
    this.isAwaitingContinue = false;
    return { method: this.#method, target: this.#target, headers, body };
  }
}

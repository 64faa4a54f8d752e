import { type Follows, MessageParser } from './message-parser.ts';
import type { RawHeaders } from './raw-headers.ts';

/** What a pod answered, whole. */
export interface PodAnswer {
  readonly status: number;
  /** Without those that are about the connection or the framing. */
  readonly headers: RawHeaders;
  readonly body: Buffer;
}

/** Far more than frameworks send; daprd itself takes 4 KiB by default. */
const headMaxBytes = 64 * 1024;

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/;

/** Reads the answers that come over one connection to a pod. */
export class ResponseParser extends MessageParser<PodAnswer> {
  /** Method of the request that is to be answered next: HEAD has an answer without a body. */
  method = 'GET';
  /** What the pod says of how long it keeps an idle connection, in seconds (`Keep-Alive: timeout`). */
  keepAliveSeconds: number | undefined;
  #status = 0;

  /** @param bodyMaxBytes largest body */
  constructor(bodyMaxBytes: number) {
    super({ headMaxBytes, bodyMaxBytes });
  }

  protected override readStart(line: string): { follows: Follows; isHttp11: boolean } {
    const [, minor, digits] = statusLine.exec(line) ?? [];
    if (digits === undefined) throw new Error('no status line of HTTP/1');
    const status = Number(digits);
    if (status === 101) throw new Error('a switch to another protocol, unasked');
    this.#status = status;
    return { follows: this.#follows(status), isHttp11: minor === '1' };
  }

  protected override readConnection(keepAlive: string | undefined): void {
    if (keepAlive === undefined) return;
    const [, seconds] = /(?:^|[, ])timeout=(\d{1,6})/.exec(keepAlive) ?? [];
    if (seconds !== undefined) this.keepAliveSeconds = Number(seconds);
  }

  protected override whole(headers: RawHeaders, body: Buffer): PodAnswer {
    return { status: this.#status, headers, body };
  }

  /** How large answers are altogether is up to the pods: each had its event, and has worked on it. */
  protected override hold(): boolean {
    return true;
  }

  #follows(status: number): Follows {
    if (status < 200) return 'another';
    if (status === 204 || status === 304) return 'nothing';
    return this.method === 'HEAD' ? 'its length alone' : 'body';
  }
}

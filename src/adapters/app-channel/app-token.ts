/** Header, and gRPC metadata key, in which daprd sends the token of its app. */
export const tokenHeader = 'dapr-api-token';

/**
 * The token that daprd sends to its app (APP_API_TOKEN). Compared by digests of
 * one length, so that the time it takes tells nothing of the token; never logged.
 */
export class AppToken {
  /** What the pods' frameworks expect, where the proxy asks them something itself; undefined where there is none. */
  readonly value: string | undefined;
  /** Whether events carry it; before Dapr 1.15.13 only invocations did over gRPC. */
  readonly isOnEvents: boolean;
  readonly #digest: Buffer | undefined;

  /**
   * @param value undefined or empty where calls need no token
   * @param isOnEvents whether topic events, binding events and jobs need it as well
   */
  constructor(value: string | undefined, isOnEvents: boolean) {
    this.value = value === '' ? undefined : value;
    this.isOnEvents = isOnEvents;
    this.#digest = this.value === undefined ? undefined : digestOf(this.value);
  }

  /**
   * Whether an invocation with these headers may pass. Any token among them counts: daprd
   * puts its own behind what a broker's message, or who called, brought under this name.
   *
   * @param headers names and values in turn
   */
  admits(headers: readonly string[]): boolean {
    const digest = this.#digest;
    if (digest === undefined) return true;
    for (let index = 0; index + 1 < headers.length; index += 2) {
      if (headers[index]?.length !== tokenHeader.length) continue;
      if (headers[index]?.toLowerCase() !== tokenHeader) continue;
      if (crypto().timingSafeEqual(digestOf(headers[index + 1] ?? ''), digest)) return true;
    }
    return false;
  }

  /** Whether an event with these headers may pass. */
  admitsEvent(headers: readonly string[]): boolean {
    return !this.isOnEvents || this.admits(headers);
  }
}

function digestOf(token: string): Buffer {
  return crypto().hash('sha256', token, 'buffer');
}

/** Some 3 MiB, which a proxy over HTTP takes only where there is a token to compare. */
function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}

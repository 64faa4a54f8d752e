import { hash, timingSafeEqual } from 'node:crypto';

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

  /** Whether an invocation with this token may pass. */
  admits(given: string | undefined): boolean {
    if (this.#digest === undefined) return true;
    return given !== undefined && timingSafeEqual(digestOf(given), this.#digest);
  }

  /** Whether an event with this token may pass. */
  admitsEvent(given: string | undefined): boolean {
    return !this.isOnEvents || this.admits(given);
  }
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

import type { ServerHttp2Stream } from 'node:http2';
import { CancellationSource } from '../../../proxy/cancellation.ts';
import type { Cancellation } from '../../../proxy/delivery.ts';
import type { HeldBytes } from '../../../proxy/held-bytes.ts';
import { headerValue, type RawHeaders } from './metadata.ts';
import { formatTimeout, parseTimeout } from './timeout.ts';

/** The most that a timer of Node's takes; more fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Who waits for an answer, for how long, and what is held for that. */
export class Caller {
  readonly #source = new CancellationSource();
  /** Milliseconds of the monotonic clock. */
  readonly #deadline: number | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #hasExpired = false;
  readonly #held: HeldBytes;
  #heldBytes = 0;

  constructor(stream: ServerHttp2Stream, headers: RawHeaders, held: HeldBytes) {
    this.#held = held;
    const timeoutMs = parseTimeout(headerValue(headers, 'grpc-timeout'));
    if (timeoutMs !== undefined) {
      this.#deadline = performance.now() + timeoutMs;
      this.#timer = setTimeout(() => this.#expire(), Math.min(timeoutMs, longestTimerMs));
    }
    // Also after an answer, when nobody listens any more.
    stream.on('close', () => {
      clearTimeout(this.#timer);
      this.#source.cancel();
      this.release();
    });
  }

  /** @returns whether there is room for so many more bytes of the request, which are held then */
  hold(bytes: number): boolean {
    if (!this.#held.take(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  /** What was held is needed no more. */
  release(): void {
    this.#held.free(this.#heldBytes);
    this.#heldBytes = 0;
  }

  get cancellation(): Cancellation {
    return this.#source;
  }

  /** Whether the deadline passed; a pod that holds to it may break off before our timer comes. */
  get isOverdue(): boolean {
    return this.#hasExpired || (this.#deadline ?? Number.POSITIVE_INFINITY) <= performance.now();
  }

  /** What is left of `grpc-timeout`, for the next in line. */
  timeoutLeft(): string | undefined {
    if (this.#deadline === undefined) return undefined;
    return formatTimeout(this.#deadline - performance.now());
  }

  #expire(): void {
    this.#hasExpired = true;
    this.#source.cancel();
  }
}

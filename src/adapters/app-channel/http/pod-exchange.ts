import type { Cancellation } from '../../../proxy/delivery.ts';
import { cancelled, type Exchanged } from '../exchanged.ts';
import type { RawHeaders } from './raw-headers.ts';
import type { PodAnswer } from './response-parser.ts';

/** What one pod is asked. */
export interface PodRequest {
  readonly method: string;
  /** Path and query as they go into the request line. */
  readonly path: string;
  /** Without `Host` and those that are about the connection or the framing. */
  readonly headers: RawHeaders;
  readonly body: Buffer;
  readonly cancellation: Cancellation;
  /** How long the answer may take, where that is not what it is for events; 0 sets no limit. */
  readonly answerMaxMs?: number;
  /** It was handed to the system for sending: whatever comes, it is not sent again. */
  sent(): void;
}

/** One request and its answer, wherever between queue and connection it is. */
export class PodExchange {
  readonly request: PodRequest;
  readonly result: Promise<Exchanged<PodAnswer>>;
  isSettled = false;
  /** What carries it; closed when nobody waits for the answer any more. */
  carrier: { close(): void } | undefined;
  readonly #resolve: (result: Exchanged<PodAnswer>) => void;
  readonly #forgetCancellation: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: PodRequest) {
    const { promise, resolve } = Promise.withResolvers<Exchanged<PodAnswer>>();
    this.request = request;
    this.result = promise;
    this.#resolve = resolve;
    this.#forgetCancellation = request.cancellation.onCancel(() => {
      this.settle(cancelled);
      this.carrier?.close();
    });
  }

  /** @param milliseconds how long the answer may take */
  limit(milliseconds: number, onTime: () => void): void {
    this.#timer = setTimeout(onTime, milliseconds);
  }

  /** The first result counts. */
  settle(result: Exchanged<PodAnswer>): void {
    if (this.isSettled) return;
    this.isSettled = true;
    clearTimeout(this.#timer);
    this.#forgetCancellation?.();
    this.#resolve(result);
  }
}

import type { Delivery, Refusal } from './delivery.ts';
import type { PooledEndpoint } from './endpoint-pool.ts';

export interface WaitingLimits {
  /** How long one waits at most, over all its waits. */
  readonly waitMaxMs: number;
  readonly maxCount: number;
  /** Bytes of all that wait. */
  readonly maxBytes: number;
}

/** What came of waiting. */
export type Waited =
  | { readonly got: PooledEndpoint }
  | { readonly refused: Refusal }
  | { readonly cancelled: true };

interface Waiter {
  readonly delivery: Delivery<unknown>;
  readonly deadline: number;
  readonly resolve: (result: Waited) => void;
  forgetCancellation: () => void;
}

/**
 * Where deliveries wait that no pod can take now: in the order they came, and no more
 * of them, nor for longer, than the limits allow. What has no room is told at once.
 */
export class WaitingRoom {
  readonly #limits: WaitingLimits;
  readonly #waiters = new Set<Waiter>();
  #bytes = 0;

  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#waiters.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the time of the first is up, by the monotonic clock. */
  get nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const { deadline } of this.#waiters) {
      if (next === undefined || deadline < next) next = deadline;
      // All but those that had a try in between wait in the order of their deadlines.
      else break;
    }
    return next;
  }

  /** @param since when it was handed to the proxy, by the monotonic clock */
  wait(delivery: Delivery<unknown>, since: number): Promise<Waited> | Waited {
    const { maxCount, maxBytes, waitMaxMs } = this.#limits;
    const deadline = since + waitMaxMs;
    if (deadline <= performance.now()) return { refused: 'waited' };
    if (this.count >= maxCount || this.#bytes + delivery.bytes > maxBytes) {
      return { refused: 'full' };
    }
    const { promise, resolve } = Promise.withResolvers<Waited>();
    const waiter: Waiter = { delivery, deadline, resolve, forgetCancellation: () => undefined };
    this.#waiters.add(waiter);
    this.#bytes += delivery.bytes;
    waiter.forgetCancellation = delivery.cancellation.onCancel(() =>
      this.#end(waiter, { cancelled: true }),
    );
    return promise;
  }

  /**
   * Gives to those that wait what there is, in their order.
   *
   * @param take finds an endpoint for one; undefined where there is none for it
   * @param isAnyLeft whether there may be one for another
   */
  serve(
    take: (delivery: Delivery<unknown>) => PooledEndpoint | undefined,
    isAnyLeft: () => boolean,
  ): void {
    for (const waiter of this.#waiters) {
      const got = take(waiter.delivery);
      if (got !== undefined) this.#end(waiter, { got });
      else if (!isAnyLeft()) return;
    }
  }

  /** Ends the waiting of those whose time is up. */
  expire(): void {
    const now = performance.now();
    for (const waiter of this.#waiters) {
      if (waiter.deadline <= now) this.#end(waiter, { refused: 'waited' });
    }
  }

  /** Ends the waiting of all. */
  refuseAll(why: Refusal): void {
    for (const waiter of this.#waiters) this.#end(waiter, { refused: why });
  }

  #end(waiter: Waiter, result: Waited): void {
    if (!this.#waiters.delete(waiter)) return;
    this.#bytes -= waiter.delivery.bytes;
    waiter.forgetCancellation();
    waiter.resolve(result);
  }
}

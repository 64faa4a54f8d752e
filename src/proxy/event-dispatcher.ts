import type { HostAndPort } from '../rules/delivery/read-endpoint.ts';
import type { Attempt, Delivered, Delivery, Dispatcher, Endpoint } from './delivery.ts';
import type { DeliveryObserver, Outcome } from './delivery-observer.ts';
import type { EndpointPool, PooledEndpoint } from './endpoint-pool.ts';
import type { WaitingRoom } from './waiting-room.ts';

export interface EventDispatcherOptions {
  readonly pool: EndpointPool;
  readonly room: WaitingRoom;
  readonly observer: DeliveryObserver;
  /** How many may be with pods at a time. */
  readonly maxInFlight: number;
  /** Whether there can ever be an endpoint: not for a sync Function without any configured. */
  readonly hasEndpoints: boolean;
  /** Endpoints should be looked up soon: something waits for one, or one refused. */
  readonly onEndpointsWanted: () => void;
}

/** While something waits, things are looked at again at least so often. */
const lookAgainMs = 500;

/**
 * Brings each delivery to one pod. What certainly did not reach one goes to another;
 * what may have reached one is never repeated; with no pod to take it, it waits.
 */
export class EventDispatcher implements Dispatcher {
  readonly #options: EventDispatcherOptions;
  #inFlight = 0;
  #isStopping = false;
  #lastDeliveryAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EventDispatcherOptions) {
    this.#options = options;
  }

  /** With pods now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Without a pod now. */
  get waiting(): number {
    return this.#options.room.count;
  }

  /** When daprd handed something over last, by the monotonic clock. */
  get lastDeliveryAt(): number {
    return this.#lastDeliveryAt;
  }

  /** The endpoints that there are now. */
  update(endpoints: readonly HostAndPort[]): void {
    this.#options.pool.update(endpoints);
    this.#serve();
  }

  /** From now on nothing waits and nothing new is taken: only what is with pods goes on. */
  refuseNew(): void {
    this.#isStopping = true;
    this.#options.room.refuseAll('stopping');
    clearTimeout(this.#timer);
  }

  async deliver<Answer>(delivery: Delivery<Answer>): Promise<Delivered<Answer>> {
    const startedAt = performance.now();
    this.#lastDeliveryAt = startedAt;
    // A daprd that goes on would keep it from ever being done.
    if (this.#isStopping) {
      this.#count(delivery, startedAt, 'stopping');
      return { result: 'refused', why: 'stopping' };
    }
    for (;;) {
      if (delivery.cancellation.isCancelled) {
        this.#count(delivery, startedAt, 'cancelled');
        return cancelled;
      }
      let taken = this.#take(delivery);
      if (taken === undefined) {
        const waited = await this.#wait(delivery, startedAt);
        if ('refused' in waited) {
          this.#count(delivery, startedAt, waited.refused);
          return { result: 'refused', why: waited.refused };
        }
        if ('cancelled' in waited) continue;
        taken = waited.got;
      }
      const { endpoint } = taken;
      const attemptedAt = performance.now();
      const attempt = await delivery.attempt(endpoint);
      this.#free(taken, attempt.result, attemptedAt);
      switch (attempt.result) {
        case 'answered':
          this.#count(delivery, startedAt, attempt.verdict, endpoint);
          return { result: 'answered', answer: attempt.answer, endpoint };
        case 'lost':
          this.#count(delivery, startedAt, 'lost', endpoint);
          return { result: 'lost', cause: attempt.cause, endpoint };
        case 'cancelled':
          this.#count(delivery, startedAt, 'cancelled', endpoint);
          return cancelled;
        case 'unreached':
          this.#options.observer.unreached(endpoint, attempt.cause);
      }
    }
  }

  #count(
    { input }: Delivery<unknown>,
    startedAt: number,
    outcome: Outcome,
    endpoint?: Endpoint,
  ): void {
    this.#options.observer.ended(input, outcome, endpoint, performance.now() - startedAt);
  }

  /** An attempt is over, and with it what kept others waiting, perhaps. */
  #free(taken: PooledEndpoint, result: Attempt<unknown>['result'], attemptedAt: number): void {
    const { pool, maxInFlight, onEndpointsWanted } = this.#options;
    const wasFull = this.#inFlight >= maxInFlight;
    this.#inFlight -= 1;
    if (result === 'unreached') {
      pool.unreached(taken, attemptedAt);
      onEndpointsWanted();
      if (wasFull) this.#serve();
    } else {
      const isBack = pool.reached(taken);
      // One that was asked what it takes, and takes something else, may do for others.
      if (wasFull || isBack || result === 'unsuited') this.#serve();
    }
  }

  #take(delivery: Delivery<unknown>): PooledEndpoint | undefined {
    if (this.#inFlight >= this.#options.maxInFlight) return undefined;
    const taken = this.#options.pool.take(delivery);
    if (taken !== undefined) this.#inFlight += 1;
    return taken;
  }

  #wait(delivery: Delivery<unknown>, since: number) {
    const { pool, room, hasEndpoints, onEndpointsWanted } = this.#options;
    if (!hasEndpoints) return nowhere;
    if (this.#isStopping) return stopping;
    // Waiting would help none of these, and take the room from others.
    if (pool.isUnsuited(delivery)) return unsuited;
    const waited = room.wait(delivery, since);
    onEndpointsWanted();
    this.#lookAgain();
    return waited;
  }

  #serve(): void {
    const { room, pool, maxInFlight } = this.#options;
    if (room.count === 0) return;
    room.serve(
      (delivery) => this.#take(delivery),
      () => this.#inFlight < maxInFlight && pool.isAnyAvailable,
    );
  }

  /** Sees to what time alone changes: endpoints that come back, deliveries whose time is up. */
  #lookAgain(): void {
    const { room, pool } = this.#options;
    if (this.#timer !== undefined || room.count === 0) return;
    const now = performance.now();
    const at = Math.min(
      now + lookAgainMs,
      pool.nextReturnAt ?? Number.POSITIVE_INFINITY,
      room.nextDeadline ?? Number.POSITIVE_INFINITY,
    );
    // A timer may come a little early; what it is for must have come.
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        room.expire();
        this.#serve();
        if (room.count > 0) this.#options.onEndpointsWanted();
        this.#lookAgain();
      },
      Math.max(1, Math.ceil(at - now) + 1),
    );
  }
}

const cancelled = { result: 'cancelled' } as const;
const nowhere = { refused: 'nowhere' } as const;
const unsuited = { refused: 'unsuited' } as const;
const stopping = { refused: 'stopping' } as const;

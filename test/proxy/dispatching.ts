import { CancellationSource } from '../../src/proxy/cancellation.ts';
import type { Attempt, Delivered, Delivery, Endpoint } from '../../src/proxy/delivery.ts';
import type { DeliveryObserver } from '../../src/proxy/delivery-observer.ts';
import { EndpointPool } from '../../src/proxy/endpoint-pool.ts';
import { EventDispatcher } from '../../src/proxy/event-dispatcher.ts';
import { WaitingRoom } from '../../src/proxy/waiting-room.ts';

/** What the pods of a test do with what reaches them; by name of the endpoint. */
export type PodBehaviour = (endpoint: Endpoint) => Attempt<string> | Promise<Attempt<string>>;

export const success: Attempt<string> = { result: 'answered', answer: 'ok', verdict: 'success' };
export const unreached: Attempt<string> = { result: 'unreached', cause: 'connect ECONNREFUSED' };

/** An event of a test, which knows where it was tried. */
export class TestDelivery implements Delivery<string> {
  readonly input = 'orders';
  readonly bytes: number;
  readonly cancellation = new CancellationSource();
  readonly tried: string[] = [];
  readonly #behaviour: PodBehaviour;
  readonly suits: (endpoint: Endpoint) => boolean;

  constructor(
    behaviour: PodBehaviour,
    {
      bytes = 1,
      suits = () => true,
    }: { bytes?: number; suits?: (endpoint: Endpoint) => boolean } = {},
  ) {
    this.#behaviour = behaviour;
    this.bytes = bytes;
    this.suits = suits;
  }

  async attempt(endpoint: Endpoint): Promise<Attempt<string>> {
    this.tried.push(endpoint.name);
    return this.#behaviour(endpoint);
  }
}

/** Something that ends when the test says so. */
export function held(): {
  readonly behaviour: PodBehaviour;
  release(attempt?: Attempt<string>): void;
} {
  const { promise, resolve } = Promise.withResolvers<Attempt<string>>();
  return { behaviour: () => promise, release: (attempt = success) => resolve(attempt) };
}

export interface TestDispatcher {
  readonly dispatcher: EventDispatcher;
  readonly pool: EndpointPool;
  readonly room: WaitingRoom;
  /** Outcomes in the order they were counted, with the endpoint. */
  readonly ended: string[];
  readonly gone: string[];
  /** How often endpoints were asked for. */
  wanted: number;
  deliver(delivery: TestDelivery): Promise<Delivered<string>>;
  /** Pods on ports of one address. */
  setPorts(...ports: number[]): void;
}

export interface TestLimits {
  readonly waitMaxMs?: number;
  readonly maxCount?: number;
  readonly maxBytes?: number;
  readonly maxInFlight?: number;
  readonly hasEndpoints?: boolean;
}

export function dispatcherOf({
  waitMaxMs = 30_000,
  maxCount = 100,
  maxBytes = 1000,
  maxInFlight = 100,
  hasEndpoints = true,
}: TestLimits = {}): TestDispatcher {
  const ended: string[] = [];
  const gone: string[] = [];
  const observer: DeliveryObserver = {
    ended: (_input, outcome, endpoint) => {
      ended.push(endpoint === undefined ? outcome : `${outcome} ${endpoint.name}`);
    },
    unreached: () => undefined,
    lossPrevented: () => undefined,
  };
  const room = new WaitingRoom({ waitMaxMs, maxCount, maxBytes });
  const pool = new EndpointPool({
    connectTimeoutMs: 1000,
    onGone: ({ name }) => void gone.push(name),
    chance: () => 0,
  });
  const dispatcher = new EventDispatcher({
    pool,
    room,
    observer,
    maxInFlight,
    hasEndpoints,
    onEndpointsWanted: () => {
      made.wanted += 1;
    },
  });
  const made: TestDispatcher = {
    dispatcher,
    pool,
    room,
    ended,
    gone,
    wanted: 0,
    deliver: (delivery) => dispatcher.deliver(delivery),
    setPorts: (...ports) => dispatcher.update(ports.map((port) => ({ host: '10.0.0.1', port }))),
  };
  return made;
}

import { expect } from 'vitest';
import type { DaprdStandIn } from '../../support/dapr/daprd-stand-in.ts';
import type { EventData } from '../../support/dapr/function-events.ts';
import { countIds, type FunctionPod } from '../../support/dapr/function-pod.ts';

/** How long a broker waits before it hands over again what nobody took. */
const redeliveryMs = 100;

/** Most that are on their way at once, so that a slow machine is not swamped. */
const maxInFlight = 500;

/** How often events are sent; several at a time where that is too seldom. */
const tickMs = 5;

/**
 * Events of one topic, handed to the proxy as a broker has daprd do it: what is
 * not acknowledged comes again, until it is. Keeps count of every single one.
 */
export class EventFlow {
  readonly #daprd: DaprdStandIn;
  readonly #pubsub: string;
  readonly #topic: string;
  readonly #takesMs: number;
  /** How often each was handed over, by id. */
  readonly #attempts = new Map<string, number>();
  readonly #acknowledged = new Set<string>();
  readonly #dropped = new Set<string>();
  #inFlight = 0;
  #isStopped = false;
  #isGivenUp = false;

  /** @param takesMs how long the function works on each */
  constructor(daprd: DaprdStandIn, [pubsub, topic]: readonly [string, string], takesMs = 0) {
    this.#daprd = daprd;
    this.#takesMs = takesMs;
    this.#pubsub = pubsub;
    this.#topic = topic;
  }

  /** How many were acknowledged so far. */
  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** How often any was handed over so far. */
  get attempts(): number {
    return [...this.#attempts.values()].reduce((sum, times) => sum + times, 0);
  }

  /** Sends new events until it is stopped. Resolves when all have been acknowledged. */
  async run(perSecond: number): Promise<void> {
    const startedAtMs = performance.now();
    const events: Promise<void>[] = [];
    while (!this.#isStopped) {
      const due = ((performance.now() - startedAtMs) / 1000) * perSecond;
      while (events.length < due && this.#inFlight < maxInFlight) {
        events.push(this.#bring(`event ${events.length}`));
      }
      await pause(tickMs);
    }
    await Promise.all(events);
  }

  /** Sends this many events at once. Resolves when all have been acknowledged. */
  async burst(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, index) => this.#bring(`event ${index}`)));
  }

  /** No new events from now on. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Hands over nothing any more, not even what was not acknowledged. */
  giveUp(): void {
    this.#isStopped = true;
    this.#isGivenUp = true;
  }

  /**
   * Nothing lost: every event got to a pod. Nothing made up: no pod got one more
   * often than it was handed over.
   */
  async expectAccountedFor(pods: readonly FunctionPod[]): Promise<void> {
    await Promise.all(pods.map((pod) => pod.settle()));
    const got = this.#countsOf(pods);
    expect([...this.#dropped]).toEqual([]);
    expect(this.#acknowledged.size).toBe(this.#attempts.size);
    const lost = [...this.#acknowledged].filter((id) => !got.has(id));
    expect(lost).toEqual([]);
    const doubled = [...got].filter(([id, times]) => times > (this.#attempts.get(id) ?? 0));
    expect(doubled).toEqual([]);
  }

  /** The same, and each got to a pod once, however often it was handed over. */
  async expectEachOnce(pods: readonly FunctionPod[]): Promise<void> {
    await this.expectAccountedFor(pods);
    const doubled = [...this.#countsOf(pods)].filter(([, times]) => times > 1);
    expect(doubled).toEqual([]);
  }

  /** The same, and each was handed over once: none was refused. */
  async expectNoneAgain(pods: readonly FunctionPod[]): Promise<void> {
    await this.expectEachOnce(pods);
    const again = [...this.#attempts].filter(([, attempts]) => attempts > 1);
    expect(again).toEqual([]);
  }

  #countsOf(pods: readonly FunctionPod[]): Map<string, number> {
    return countIds(pods, `${this.#pubsub}/${this.#topic}`);
  }

  async #bring(id: string): Promise<void> {
    this.#inFlight += 1;
    const data: EventData = { id, takesMs: this.#takesMs };
    const event = { pubsub: this.#pubsub, topic: this.#topic, data };
    while (!this.#isGivenUp) {
      this.#attempts.set(id, (this.#attempts.get(id) ?? 0) + 1);
      const fate = await this.#daprd.deliver(event);
      if (fate === 'acknowledged') this.#acknowledged.add(id);
      if (fate === 'dropped') this.#dropped.add(id);
      if (fate !== 'retried') break;
      await pause(redeliveryMs);
    }
    this.#inFlight -= 1;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

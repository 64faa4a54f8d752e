import { afterEach, beforeEach, expect, it } from 'vitest';
import { countIds } from '../../../support/dapr/function-pod.ts';
import { component, retriesOf } from '../../harness/dapr-resources.ts';
import { DataPlane } from '../../harness/data-plane.ts';
import { eventually } from '../../harness/eventually.ts';
import { until } from '../../harness/until.ts';

/** The in-memory broker hands over one event of a topic at a time, hence several. */
const topics = Array.from({ length: 8 }, (_, index) => `topic-${index}`);

/** Long enough for some to be on their way at any moment. */
const workMs = 5;

/** Enough to be sure that events flow. */
const steadyFlow = 100;

/** daprd's in-memory broker tells of each event that it has no success for, unless daprd ends too soon. */
const notAcknowledged = /level=error .*component="bus \(pubsub\.in-memory/;

/** Publishing while daprd and its app come and go. */
export function restartsSuite(program: () => string, protocol: 'grpc' | 'http'): void {
  let plane: DataPlane;
  let publishers: Publishers;

  beforeEach(async () => {
    plane = await DataPlane.start({
      program: program(),
      protocol,
      resources: [component('bus', 'pubsub.in-memory'), retriesOf('bus')],
      inputs: { topics: topics.map((topic) => ['bus', topic]) },
    });
    publishers = new Publishers(plane);
  });

  afterEach(async () => {
    publishers?.stop();
    await plane?.stop();
  });

  it('brings what is published while the proxy is gone and back', async () => {
    const published = publishers.run();
    await publishers.untilFlowing();
    await plane.proxy.kill();
    await plane.proxy.restart();
    await publishers.untilFlowing();
    publishers.stop();
    await published;
    await eventually(async () => expect(publishers.missing).toEqual([]));
  });

  it('holds what daprd brings while there is no pod', async () => {
    await Promise.all(plane.pods.map((pod) => pod.stop()));
    const published = publishers.run();
    const waiting = async () => (await plane.proxy.pending()).waiting;
    await until('an event of each topic to wait', async () => (await waiting()) === topics.length);
    await Promise.all(plane.pods.map((pod) => pod.start()));
    await publishers.untilFlowing();
    publishers.stop();
    await published;
    await eventually(async () => expect(publishers.missing).toEqual([]));
    expect(publishers.twice).toEqual([]);
    expect(plane.daprd.output).not.toMatch(notAcknowledged);
  });

  it('is asked again by a daprd that was restarted', async () => {
    await plane.daprd.kill();
    await plane.daprd.restart();
    const published = publishers.run();
    await publishers.untilFlowing();
    publishers.stop();
    await published;
    await eventually(async () => expect(publishers.missing).toEqual([]));
    expect(publishers.twice).toEqual([]);
  });

  it('finishes what daprd still hands over when both are told to end', async () => {
    const published = publishers.run();
    await publishers.untilFlowing();
    const codes = await Promise.all([plane.daprd.stop(), plane.proxy.stop()]);
    expect(codes).toEqual([0, 0]);
    publishers.stop();
    await published;
    // What pods told goes through pipes of its own.
    await Promise.all(plane.pods.map((pod) => pod.stop()));
    const refused = plane.daprd.output.split('\n').filter((line) => notAcknowledged.test(line));
    // A broker would have these again, and only these: those that daprd has told of, and
    // the last of each topic, which it may have had in hand when it ended.
    const missing = publishers.missing.filter((id) => !publishers.last.has(id));
    expect(missing.length).toBeLessThanOrEqual(refused.length);
    expect(publishers.twice).toEqual([]);
  });
}

/** Publishes events of every topic, one after another, and knows what came of them. */
class Publishers {
  readonly #plane: DataPlane;
  /** By id: those that daprd took. */
  readonly #taken = new Set<string>();
  /** By topic: the one that daprd took last. It takes one when it is done with the one before. */
  readonly #last = new Map<string, string>();
  #isStopped = false;

  constructor(plane: DataPlane) {
    this.#plane = plane;
  }

  /** Until it is stopped, or daprd takes no more. */
  async run(): Promise<void> {
    await Promise.all(topics.map((topic) => this.#publish(topic)));
  }

  stop(): void {
    this.#isStopped = true;
  }

  async untilFlowing(): Promise<void> {
    const goal = this.#got.size + steadyFlow;
    await until('events to flow', async () => this.#got.size >= goal);
  }

  /** Those that no pod got. */
  get missing(): string[] {
    const got = this.#got;
    return [...this.#taken].filter((id) => !got.has(id));
  }

  /** Of each topic, the one that daprd took last. */
  get last(): ReadonlySet<string> {
    return new Set(this.#last.values());
  }

  /** Those that pods got more than once. */
  get twice(): string[] {
    return [...this.#got].filter(([, times]) => times > 1).map(([id]) => id);
  }

  get #got(): Map<string, number> {
    return new Map(topics.flatMap((topic) => [...countIds(this.#plane.pods, `bus/${topic}`)]));
  }

  async #publish(topic: string): Promise<void> {
    for (let number = 0; !this.#isStopped; number += 1) {
      const id = `${topic} ${number}`;
      try {
        await this.#plane.daprd.publish('bus', topic, { id, takesMs: workMs });
      } catch {
        return;
      }
      this.#taken.add(id);
      this.#last.set(topic, id);
    }
  }
}

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { EventRecorder } from '../../src/controller/event-recorder.ts';
import type { FunctionEvent } from '../../src/controller/function-event.ts';
import { PodRepair } from '../../src/controller/pod-repair.ts';
import type { ObservedPod } from '../../src/rules/reconcile/observed-pod.ts';
import { functionInMode } from '../support/functions.ts';
import { observedPod } from '../support/observed.ts';
import { FakeCluster } from './fake-cluster.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-06-01T00:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

const minuteMs = 60_000;

/** Lets a while pass, and everything happen that is due. */
async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

function functionCalled(name: string, uid = `uid-of-${name}`) {
  return functionInMode('standalone', { name, metadata: { uid } });
}

/** A pod that was not admitted. */
function missed(name: string, members: Partial<ObservedPod> = {}): ObservedPod {
  return observedPod(name, { mode: undefined, ...members });
}

/**
 * A cluster with Function `orders`, whose pods are replaced when they are evicted
 * and admitted while the webhook is up, and a repair that is told of every change.
 */
function world({
  isWebhookUp = true,
  perMinute = 20,
  replacedAfterMs = 0,
  now = () => performance.now(),
} = {}) {
  const cluster = new FakeCluster();
  const webhook = { isUp: isWebhookUp };
  const evicted: string[] = [];
  const times: number[] = [];
  const errors: string[] = [];
  const events: FunctionEvent[] = [];
  const startedAtMs = performance.now();
  const recorder = new EventRecorder(async (event) => {
    events.push(event);
  });
  let made = 0;
  const replace = (pod: ObservedPod): void => {
    made += 1;
    const mode = webhook.isUp ? 'standalone' : undefined;
    const name = `made-${made}`;
    const createdAt = new Date().toISOString().replace(/\.\d+/, '');
    cluster.putPods({ ...pod, name, uid: `uid-of-${name}`, mode, isDeleting: false, createdAt });
  };
  const answer = { evict: async (_pod: ObservedPod): Promise<void> => undefined };
  const repair = new PodRepair({
    view: cluster,
    events: recorder,
    perMinute,
    now,
    onError: (error) => errors.push(error.message),
    requestedPauseMs: (error) => (String(error).includes('busy') ? 10_000 : 0),
    evict: async (pod, signal) => {
      signal.throwIfAborted();
      await answer.evict(pod);
      evicted.push(pod.name);
      times.push(Math.round(performance.now() - startedAtMs));
      // In this order the ReplicaSet controller and the kubelet do it.
      cluster.putPods({ ...pod, isDeleting: true });
      const end = (): void => {
        replace(pod);
        cluster.removePod(pod.name);
      };
      if (replacedAfterMs === 0) end();
      else setTimeout(end, replacedAfterMs);
      return true;
    },
  });
  cluster.putFunction(functionCalled('orders'));
  cluster.onChange = (namespace, name) => repair.consider(namespace, name);
  const stop = new AbortController();
  const runs = Promise.all([repair.run(stop.signal), recorder.run(stop.signal)]);
  onTestFinished(() => stop.abort());
  return {
    ...{ cluster, webhook, repair, evicted, times, errors, answer, replace },
    told: () => events.splice(0).map(({ notice, times }) => `${notice.reason} ${times}`),
    stop: async () => {
      stop.abort();
      await runs;
    },
  };
}

describe('pods that were not admitted', () => {
  it('are evicted one after another at the rate, until all are admitted', async () => {
    const { cluster, evicted, times, told } = world();
    cluster.putPods(...['a', 'b', 'c', 'd'].map((name) => missed(name)));
    await pass();
    expect(evicted).toEqual(['a']);
    await pass(minuteMs);
    expect(evicted).toEqual(['a', 'b', 'c', 'd']);
    expect(times).toEqual([0, 3_000, 6_000, 9_000]);
    expect(told()).toEqual(Array(4).fill('PodEvicted 1'));
    await pass(60 * minuteMs);
    expect(evicted).toHaveLength(4);
  });

  it('of several Functions share the rate', async () => {
    const { cluster, times } = world({ perMinute: 6 });
    for (const name of ['stock', 'mail', 'bills']) {
      cluster.putFunction(functionCalled(name));
      const claim = { kind: 'function', name } as const;
      cluster.putPods(missed(`${name}-a`, { claim }), missed(`${name}-b`, { claim }));
    }
    await pass(10 * minuteMs);
    expect(times).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
  });

  it('keep to the rate also where the clock goes on between two looks at it', async () => {
    let looks = 0;
    const now = () => {
      looks += 1;
      return performance.now() + looks / 10;
    };
    const { cluster, times } = world({ now });
    cluster.putPods(...Array.from({ length: 12 }, (_, index) => missed(`pod-${index}`)));
    await pass(2 * minuteMs);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps).toHaveLength(11);
    expect(Math.min(...gaps)).toBeGreaterThan(2_900);
  });

  it('are evicted once, however often their Function is looked at', async () => {
    const { cluster, repair, evicted } = world();
    cluster.putPods(missed('a'));
    for (let round = 0; round < 20; round += 1) {
      repair.consider('shop', 'orders');
      await pass(100);
    }
    await pass(minuteMs);
    expect(evicted).toEqual(['a']);
  });

  it('that nobody would replace are left alone', async () => {
    const { cluster, evicted, told } = world();
    cluster.putPods(missed('bare', { hasController: false }), missed('a'));
    await pass(60 * minuteMs);
    expect(evicted).toEqual(['a']);
    expect(told()).toEqual(['PodEvicted 1']);
  });

  it('are looked at once more when it is their turn', async () => {
    const { cluster, evicted } = world();
    cluster.putPods(...['a', 'b', 'c', 'd', 'e'].map((name) => missed(name)));
    await pass();
    // One goes by itself, one is a StatefulSet's and was made anew under its name, one loses its owner.
    cluster.removePod('b');
    cluster.putPods(observedPod('c', { uid: 'another' }), missed('d', { hasController: false }));
    await pass(minuteMs);
    expect(evicted).toEqual(['a', 'e']);
  });

  it('of a Function that is gone, or going, are left to go with it', async () => {
    const { cluster, evicted } = world();
    cluster.putPods(missed('a'), missed('b'));
    await pass();
    cluster.removeFunction('orders');
    await pass(minuteMs);
    cluster.putFunction({ ...functionCalled('orders'), isDeleting: true });
    await pass(minuteMs);
    expect(evicted).toEqual(['a']);
  });

  it('and no others are ever evicted, whatever pods there are', async () => {
    const anyPod = fc.record({
      name: fc.stringMatching(/^[a-z]{1,3}$/),
      mode: fc.constantFrom('standalone', 'sidecar', 'disabled', undefined, undefined),
      hasController: fc.boolean(),
      isDeleting: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyPod, { selector: ({ name }) => name, maxLength: 6 }),
        async (parts) => {
          const { cluster, evicted, stop } = world();
          const pods = parts.map(({ name, ...members }) => observedPod(name, members));
          cluster.putPods(...pods);
          await pass(minuteMs);
          await stop();
          const expected = pods.filter(
            ({ mode, hasController, isDeleting }) =>
              mode === undefined && hasController && !isDeleting,
          );
          expect(evicted.toSorted()).toEqual(expected.map(({ name }) => name).toSorted());
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a Pod that is gone when it is to be evicted', () => {
  it('is not said to have been evicted', async () => {
    const events: FunctionEvent[] = [];
    const cluster = new FakeCluster();
    const recorder = new EventRecorder(async (event) => {
      events.push(event);
      return undefined;
    });
    let asked = 0;
    const repair = new PodRepair({
      view: cluster,
      events: recorder,
      perMinute: 20,
      now: () => performance.now(),
      onError: () => undefined,
      requestedPauseMs: () => 0,
      evict: async () => {
        asked += 1;
        return false;
      },
    });
    cluster.putFunction(functionCalled('orders'));
    cluster.putPods(missed('a'));
    repair.consider('shop', 'orders');
    const stop = new AbortController();
    const runs = Promise.all([repair.run(stop.signal), recorder.run(stop.signal)]);
    await vi.advanceTimersByTimeAsync(10_000);
    stop.abort();
    await runs;
    expect(asked).toBe(1);
    expect(events).toEqual([]);
  });
});

describe('an eviction that is refused', () => {
  it('is told, and tried again until it succeeds', async () => {
    const { cluster, evicted, errors, answer, told } = world();
    let refusals = 5;
    answer.evict = async ({ name }) => {
      refusals -= 1;
      if (refusals >= 0) throw new Error(`the disruption budget of ${name} is used up`);
    };
    cluster.putPods(missed('a'));
    await pass(10 * minuteMs);
    expect(evicted).toEqual(['a']);
    expect(errors).toEqual(Array(5).fill('the disruption budget of a is used up'));
    expect(told()).toEqual(['PodEvicted 1']);
  });

  it('holds up none of the others', async () => {
    const { cluster, evicted, answer } = world();
    answer.evict = async ({ name }) => {
      if (name === 'a') throw new Error('refused');
    };
    cluster.putPods(...['a', 'b', 'c'].map((name) => missed(name)));
    await pass(5 * minuteMs);
    expect(evicted.toSorted()).toEqual(['b', 'c']);
  });

  it('does not come at more than the rate', async () => {
    const { cluster, errors, answer } = world({ perMinute: 20 });
    answer.evict = async () => {
      throw new Error('refused');
    };
    cluster.putPods(...['a', 'b', 'c'].map((name) => missed(name)));
    await pass(2 * minuteMs);
    expect(errors.length).toBeGreaterThan(3);
    expect(errors.length).toBeLessThanOrEqual(41);
  });
});

describe('while replacements are not admitted either', () => {
  for (const [replicas, replacedAfterMs] of [
    [1, 0],
    [1, 2_000],
    [2, 0],
    [2, 2_000],
    [5, 0],
  ] as const) {
    it(`it pauses, with ${replicas} of a Function that come after ${replacedAfterMs} ms, longer each time`, async () => {
      const { cluster, evicted, times, told } = world({ isWebhookUp: false, replacedAfterMs });
      cluster.putPods(...Array.from({ length: replicas }, (_, index) => missed(`pod-${index}`)));
      await pass(10_000);
      expect(evicted).toHaveLength(1);
      expect(told()).toEqual(['PodEvicted 1', 'RepairPaused 1']);
      await pass(180 * minuteMs);
      // After 1, 2, 4, 8 and then every 16 minutes one is tried.
      const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      expect(gaps.length).toBeLessThan(16);
      for (const [index, leastMinutes] of [1, 2, 4, 8, 16, 16, 16].entries()) {
        expect(gaps[index]).toBeGreaterThanOrEqual(leastMinutes * minuteMs);
        expect(gaps[index]).toBeLessThan(leastMinutes * minuteMs + 10_000);
      }
      expect(
        told()
          .filter((title) => title.startsWith('RepairPaused'))
          .at(-1),
      ).not.toBe('RepairPaused 1');
    });
  }

  it('it goes on at once when pods are admitted again', async () => {
    const { cluster, webhook, evicted, replace } = world({ isWebhookUp: false });
    cluster.putPods(...['a', 'b', 'c'].map((name) => missed(name)));
    await pass(30 * minuteMs);
    const before = evicted.length;
    expect(before).toBeLessThan(8);
    webhook.isUp = true;
    await pass(1_000);
    expect(evicted).toHaveLength(before);
    // Somebody scales the Function up, and that one is admitted.
    replace(missed('any'));
    await pass(15_000);
    expect(evicted).toHaveLength(before + 3);
    await pass(60 * minuteMs);
    expect(evicted).toHaveLength(before + 3);
  });

  it('it finds out by itself that they are admitted again', async () => {
    const { cluster, webhook, evicted } = world({ isWebhookUp: false });
    cluster.putPods(...['a', 'b', 'c'].map((name) => missed(name)));
    await pass(10 * minuteMs);
    webhook.isUp = true;
    await pass(10 * minuteMs);
    const { pods } = cluster.surroundings(functionCalled('orders'));
    expect(pods.map(({ mode }) => mode)).toEqual(Array(3).fill('standalone'));
    const count = evicted.length;
    await pass(60 * minuteMs);
    expect(evicted).toHaveLength(count);
  });

  it('it pauses as well where the replacement is there before the eviction is answered', async () => {
    const { cluster, evicted, answer, replace } = world({ isWebhookUp: false });
    answer.evict = async (pod) => {
      replace(pod);
      await Promise.resolve();
    };
    cluster.putPods(missed('a'));
    await pass(50_000);
    expect(evicted).toEqual(['a']);
  });

  it('pods of other Functions are evicted all the same', async () => {
    const { cluster, evicted, webhook } = world({ isWebhookUp: false });
    cluster.putPods(missed('a'), missed('b'));
    await pass(10_000);
    webhook.isUp = true;
    cluster.putFunction(functionCalled('stock'));
    const claim = { kind: 'function', name: 'stock' } as const;
    cluster.putPods(missed('stock-a', { claim }), missed('stock-b', { claim }));
    await pass(10_000);
    expect(evicted).toEqual(['a', 'stock-a', 'stock-b']);
  });

  it('it goes by the youngest pod where some were admitted and some were not', async () => {
    const { cluster, evicted, replace, webhook } = world({ isWebhookUp: false });
    cluster.putPods(missed('a'));
    await pass(10_000);
    replace(missed('any'));
    webhook.isUp = true;
    replace(missed('any'));
    await pass(10_000);
    // Of one second, and so nobody knows which was first.
    expect(evicted).toEqual(['a']);
    replace(missed('any'));
    await pass(10_000);
    expect(evicted.length).toBeGreaterThan(1);
  });

  it.each([0, 700])(
    'and once they are admitted again, the next time begins anew, with replacements after %i ms',
    async (replacedAfterMs) => {
      const { cluster, evicted, times, webhook } = world({ isWebhookUp: false, replacedAfterMs });
      cluster.putPods(missed('a'));
      await pass(30 * minuteMs);
      webhook.isUp = true;
      await pass(30 * minuteMs);
      const before = evicted.length;
      webhook.isUp = false;
      cluster.putPods(missed('b', { createdAt: '2026-06-02T00:00:00Z' }));
      await pass(10_000);
      expect(evicted.slice(before)).toEqual(['b']);
      await pass(70_000);
      const [first = 0, second = 0] = times.slice(before);
      expect(second - first).toBeGreaterThanOrEqual(minuteMs);
      expect(second - first).toBeLessThan(minuteMs + 10_000);
    },
  );

  it('a Function that is made anew under its name begins anew', async () => {
    const { cluster, evicted, webhook } = world({ isWebhookUp: false });
    cluster.putPods(missed('a'));
    await pass(30 * minuteMs);
    const before = evicted.length;
    for (const { name } of cluster.surroundings(functionCalled('orders')).pods) {
      cluster.removePod(name);
    }
    webhook.isUp = true;
    cluster.putFunction(functionCalled('orders', 'another'));
    cluster.putPods(missed('b'));
    await pass(5_000);
    expect(evicted.slice(before)).toEqual(['b']);
  });
});

describe('a repair that is stopped', () => {
  it('evicts nothing more, and leaves no timer behind', async () => {
    const { cluster, evicted, stop } = world();
    cluster.putPods(...['a', 'b', 'c'].map((name) => missed(name)));
    await pass(4_000);
    expect(evicted).toEqual(['a', 'b']);
    await stop();
    cluster.putPods(missed('d'));
    await pass(60 * minuteMs);
    expect(evicted).toEqual(['a', 'b']);
    expect(vi.getTimerCount()).toBe(0);
  });
});

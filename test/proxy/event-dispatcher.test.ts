import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Attempt } from '../../src/proxy/delivery.ts';
import { dispatcherOf, held, success, TestDelivery, unreached } from './dispatching.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const first = '10.0.0.1:1';
const second = '10.0.0.1:2';

/** Lets promises go on, without time. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

describe('a delivery', () => {
  it('gets the answer of the pod, whatever that says', async () => {
    const test = dispatcherOf();
    test.setPorts(1);
    for (const verdict of ['success', 'retry', 'drop', 'error'] as const) {
      const result = await test.deliver(
        new TestDelivery(() => ({ result: 'answered', answer: verdict, verdict })),
      );
      expect(result).toMatchObject({
        result: 'answered',
        answer: verdict,
        endpoint: { name: first },
      });
    }
    expect(test.ended).toEqual(
      ['success', 'retry', 'drop', 'error'].map((one) => `${one} ${first}`),
    );
    expect(test.dispatcher.inFlight).toBe(0);
  });

  it('that reached no pod goes to another one', async () => {
    const test = dispatcherOf();
    test.setPorts(1, 2);
    const delivery = new TestDelivery(({ port }) => (port === 1 ? unreached : success));
    expect(await test.deliver(delivery)).toMatchObject({
      result: 'answered',
      endpoint: { port: 2 },
    });
    expect(delivery.tried).toEqual([first, second]);
    expect(test.ended).toEqual([`success ${second}`]);
  });

  it('that may have reached one is not repeated', async () => {
    const test = dispatcherOf();
    test.setPorts(1, 2);
    const delivery = new TestDelivery(() => ({ result: 'lost', cause: 'reset' }));
    expect(await test.deliver(delivery)).toMatchObject({ result: 'lost', cause: 'reset' });
    expect(delivery.tried).toHaveLength(1);
  });

  it('waits while there is no pod, and goes to the first one that comes', async () => {
    const test = dispatcherOf();
    const delivery = new TestDelivery(() => success);
    const result = test.deliver(delivery);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(test.dispatcher.waiting).toBe(1);
    expect(test.wanted).toBeGreaterThanOrEqual(10);
    test.setPorts(1);
    expect(await result).toMatchObject({ result: 'answered' });
    expect(test.dispatcher.waiting).toBe(0);
  });

  it('waits while every pod refuses, and tries again as each comes back', async () => {
    const test = dispatcherOf();
    test.setPorts(1, 2);
    const delivery = new TestDelivery(() => unreached);
    const result = test.deliver(delivery);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(delivery.tried.length).toBeGreaterThanOrEqual(8);
    expect(delivery.tried.length).toBeLessThan(20);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await result).toEqual({ result: 'refused', why: 'waited' });
    expect(test.ended).toEqual(['waited']);
  });

  it('is refused when its time is up, counted over all its waits', async () => {
    const test = dispatcherOf({ waitMaxMs: 5_000 });
    const result = test.deliver(new TestDelivery(() => unreached));
    await vi.advanceTimersByTimeAsync(4_000);
    test.setPorts(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await result).toEqual({ result: 'refused', why: 'waited' });
  });

  it('is refused at once beyond the bounds of count and bytes', async () => {
    const byCount = dispatcherOf({ maxCount: 2 });
    const byBytes = dispatcherOf({ maxBytes: 10 });
    for (const test of [byCount, byBytes]) {
      const waiting = [1, 2].map(() => test.deliver(new TestDelivery(() => success, { bytes: 5 })));
      await settle();
      expect(await test.deliver(new TestDelivery(() => success))).toEqual({
        result: 'refused',
        why: 'full',
      });
      test.setPorts(1);
      for (const result of waiting) expect(await result).toMatchObject({ result: 'answered' });
      expect(test.room.bytes).toBe(0);
    }
  });

  it('waits for others to finish where too many are with pods, and keeps the order', async () => {
    const test = dispatcherOf({ maxInFlight: 1 });
    test.setPorts(1);
    const running = held();
    const order: number[] = [];
    const one = test.deliver(new TestDelivery(running.behaviour));
    const others = [1, 2, 3].map((number) =>
      test.deliver(
        new TestDelivery(() => {
          order.push(number);
          expect(test.dispatcher.inFlight).toBe(1);
          return success;
        }),
      ),
    );
    await settle();
    expect([test.dispatcher.inFlight, test.dispatcher.waiting]).toEqual([1, 3]);
    running.release();
    await Promise.all([one, ...others]);
    expect(order).toEqual([1, 2, 3]);
  });

  it('that nobody waits for any more is given to nobody', async () => {
    const test = dispatcherOf();
    const delivery = new TestDelivery(() => success);
    const result = test.deliver(delivery);
    await settle();
    delivery.cancellation.cancel();
    expect(await result).toEqual({ result: 'cancelled' });
    test.setPorts(1);
    expect(delivery.tried).toEqual([]);
    expect([test.dispatcher.waiting, test.room.bytes]).toEqual([0, 0]);
    const late = new TestDelivery(() => success);
    late.cancellation.cancel();
    expect(await test.deliver(late)).toEqual({ result: 'cancelled' });
    expect(late.tried).toEqual([]);
  });

  it('is refused at once where there can be no pod', async () => {
    const test = dispatcherOf({ hasEndpoints: false });
    expect(await test.deliver(new TestDelivery(() => success))).toEqual({
      result: 'refused',
      why: 'nowhere',
    });
  });

  it('goes to a pod that takes it, and none is set aside that does not', async () => {
    const test = dispatcherOf();
    test.setPorts(1, 2);
    const delivery = new TestDelivery(() => success, { suits: ({ port }) => port === 2 });
    expect(await test.deliver(delivery)).toMatchObject({ endpoint: { port: 2 } });

    const known = new Set<number>();
    const learning = new TestDelivery(
      ({ port }): Attempt<string> => {
        if (port === 2) return success;
        known.add(port);
        return { result: 'unsuited' };
      },
      { suits: ({ port }) => !known.has(port) },
    );
    expect(await test.deliver(learning)).toMatchObject({ endpoint: { port: 2 } });
    expect(learning.tried).toEqual([first, second]);
    expect(await test.deliver(new TestDelivery(() => success))).toMatchObject({
      endpoint: { port: 1 },
    });
  });

  it('is refused at once where there are pods and none takes it', async () => {
    const test = dispatcherOf();
    test.setPorts(1, 2);
    const delivery = new TestDelivery(() => success, { suits: () => false });
    expect(await test.deliver(delivery)).toEqual({ result: 'refused', why: 'unsuited' });
  });
});

describe('a pod that refuses', () => {
  it('is left alone for a while, then tried by one, then by all', async () => {
    const test = dispatcherOf();
    test.setPorts(1);
    let isUp = false;
    let atOnce = 0;
    let mostWhileDown = 0;
    const behaviour = async (): Promise<Attempt<string>> => {
      atOnce += 1;
      if (!isUp) mostWhileDown = Math.max(mostWhileDown, atOnce);
      // As long as a refusal over a network may take.
      await new Promise((resolve) => setTimeout(resolve, 5));
      atOnce -= 1;
      return isUp ? success : unreached;
    };
    const one = test.deliver(new TestDelivery(behaviour));
    await vi.advanceTimersByTimeAsync(10);
    const others = Array.from({ length: 20 }, () => test.deliver(new TestDelivery(behaviour)));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(mostWhileDown).toBe(1);
    isUp = true;
    await vi.advanceTimersByTimeAsync(5_000);
    const results = await Promise.all([one, ...others]);
    expect(results.every(({ result }) => result === 'answered')).toBe(true);
  });

  it('and then is slow is taken for being there', async () => {
    const test = dispatcherOf();
    test.setPorts(1);
    let isUp = false;
    const slow = held();
    const behaviour = () => (isUp ? slow.behaviour({ host: '', port: 1, name: '' }) : unreached);
    const results = [1, 2, 3].map(() => test.deliver(new TestDelivery(behaviour)));
    await vi.advanceTimersByTimeAsync(150);
    isUp = true;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(test.dispatcher.inFlight).toBe(3);
    slow.release();
    for (const result of results) expect(await result).toMatchObject({ result: 'answered' });
  });

  it('counts as one refusal for all that were on their way to it', async () => {
    const test = dispatcherOf();
    test.setPorts(1);
    const refused = held();
    const results = Array.from({ length: 50 }, () =>
      test.deliver(new TestDelivery(refused.behaviour)),
    );
    await settle();
    refused.release(unreached);
    await settle();
    expect(test.pool.endpoints[0]?.refusals).toBe(1);
    test.dispatcher.refuseNew();
    await Promise.all(results);
  });
});

describe('endpoints that change', () => {
  it('get nothing new when they are gone, and finish what they have', async () => {
    const test = dispatcherOf();
    test.setPorts(1);
    const running = held();
    const result = test.deliver(new TestDelivery(running.behaviour));
    await settle();
    test.setPorts(2);
    expect(test.gone).toEqual([first]);
    expect(await test.deliver(new TestDelivery(() => success))).toMatchObject({
      endpoint: { port: 2 },
    });
    running.release();
    expect(await result).toMatchObject({ result: 'answered', endpoint: { port: 1 } });
  });

  it('stay what they are where they stay', async () => {
    const test = dispatcherOf();
    test.setPorts(1, 2);
    const before = test.pool.endpoints[0]?.endpoint;
    test.setPorts(1, 3);
    expect(test.pool.endpoints[0]?.endpoint).toBe(before);
    expect(test.gone).toEqual([second]);
  });
});

describe('an end', () => {
  it('refuses what waits and what comes', async () => {
    const test = dispatcherOf();
    const waiting = test.deliver(new TestDelivery(() => success));
    await settle();
    test.dispatcher.refuseNew();
    expect(await waiting).toEqual({ result: 'refused', why: 'stopping' });
    test.setPorts(1);
    expect(await test.deliver(new TestDelivery(() => success))).toEqual({
      result: 'refused',
      why: 'stopping',
    });
  });

  it('finishes what is with a pod', async () => {
    const test = dispatcherOf();
    test.setPorts(1);
    const running = held();
    const result = test.deliver(new TestDelivery(running.behaviour));
    await settle();
    test.dispatcher.refuseNew();
    running.release();
    expect(await result).toMatchObject({ result: 'answered' });
  });
});

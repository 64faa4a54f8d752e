import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  retriesPerSecond,
  retryBurst,
  WorkQueue,
  type WorkQueueOptions,
  type WorkResult,
} from '../../src/controller/work-queue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What a process that is under way ends with. */
type Ending = { readonly requeueAfterMs?: number } | undefined;

/** Lets a while pass, and everything happen that is due. */
async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

/** A queue whose processes end when the test says so. */
function heldQueue(concurrency = 1) {
  const started: string[] = [];
  const open = new Map<string, { end: (ending?: Ending) => void; fail: (error: Error) => void }>();
  const results: WorkResult[] = [];
  const queue = new WorkQueue({
    concurrency,
    onResult: (result) => results.push(result),
    process: async (key) => {
      if (open.has(key)) throw new Error(`two process ${key}`);
      started.push(key);
      const { promise, resolve, reject } = Promise.withResolvers<Ending>();
      open.set(key, { end: resolve, fail: reject });
      return promise.finally(() => open.delete(key));
    },
  });
  const underWay = (key: string) => {
    const found = open.get(key);
    if (found === undefined) throw new Error(`${key} is not in process`);
    return found;
  };
  return {
    ...{ queue, started, results, open },
    end: async (key: string, ending?: Ending) => {
      underWay(key).end(ending);
      await pass();
    },
    fail: async (key: string, message = 'failed') => {
      underWay(key).fail(new Error(message));
      await pass();
    },
    ...running(queue),
  };
}

/** A queue whose processes end at once. */
function quickQueue(
  process: (key: string) => Ending | never = () => undefined,
  concurrency = 1,
  options: Pick<WorkQueueOptions, 'retryDelayMs'> = {},
) {
  const started: { key: string; atMs: number }[] = [];
  const results: WorkResult[] = [];
  const queue = new WorkQueue({
    ...options,
    concurrency,
    onResult: (result) => results.push(result),
    process: async (key) => {
      started.push({ key, atMs: Math.round(performance.now() - startMs) });
      return process(key);
    },
  });
  const startMs = performance.now();
  return { queue, started, results, ...running(queue) };
}

/** Runs a queue until the test stops it, or ends. */
function running(queue: WorkQueue) {
  let controller = new AbortController();
  let run = Promise.resolve();
  const stop = (): void => controller.abort();
  onTestFinished(stop);
  return {
    start: async () => {
      controller = new AbortController();
      run = queue.run(controller.signal);
      await pass();
    },
    stop,
    /** Resolves when the run is over. */
    over: () => run,
  };
}

describe('a work queue', () => {
  it('processes keys in the order in which they were added, also those from before it ran', async () => {
    const { queue, started, start } = quickQueue();
    for (const key of ['c', 'a', 'b']) queue.add(key);
    expect(queue.depth).toBe(3);
    expect(started).toEqual([]);
    await start();
    queue.add('d');
    await pass();
    expect(started.map(({ key }) => key)).toEqual(['c', 'a', 'b', 'd']);
    expect(queue.depth).toBe(0);
  });

  it('has a key that is added often wait once, at its first place', async () => {
    const { queue, started, start } = quickQueue();
    for (const key of ['a', 'b', 'a', '__proto__', 'b', '__proto__']) queue.add(key);
    expect(queue.depth).toBe(3);
    await start();
    expect(started.map(({ key }) => key)).toEqual(['a', 'b', '__proto__']);
  });

  it('processes a key once more when it is added while it is in process', async () => {
    const { queue, started, start, end } = heldQueue(2);
    queue.add('a');
    await start();
    queue.add('a');
    queue.add('a');
    await pass();
    expect(started).toEqual(['a']);
    expect(queue.depth).toBe(0);
    await end('a');
    expect(started).toEqual(['a', 'a']);
    await end('a');
    expect(started).toEqual(['a', 'a']);
  });

  it('processes as many keys at the same time as it may', async () => {
    const { queue, started, start, end } = heldQueue(2);
    await start();
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    await pass();
    expect(started).toEqual(['a', 'b']);
    expect(queue.depth).toBe(2);
    await end('b');
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('lets no key that comes back overtake those that wait', async () => {
    const { queue, started, start, end } = heldQueue();
    for (const key of ['a', 'b']) queue.add(key);
    await start();
    queue.add('a');
    queue.add('c');
    for (const key of ['a', 'b', 'c', 'a']) await end(key);
    expect(started).toEqual(['a', 'b', 'c', 'a']);
  });

  it('brings a failed key back ever later, until it succeeds', async () => {
    let failsLeft = 4;
    const { queue, started, results, start } = quickQueue(() => {
      failsLeft -= 1;
      if (failsLeft >= 0) throw new Error(`${failsLeft} to go`);
      return undefined;
    });
    queue.add('a');
    await start();
    await pass(10_000);
    expect(started.map(({ atMs }) => atMs)).toEqual([0, 5, 15, 35, 75]);
    expect(
      results.map(({ outcome, failures, retryInMs }) => [outcome, failures, retryInMs]),
    ).toEqual([
      ['error', 1, 5],
      ['error', 2, 10],
      ['error', 3, 20],
      ['error', 4, 40],
      ['success', 0, undefined],
    ]);
    expect(results[0]?.error).toEqual(new Error('3 to go'));

    failsLeft = 1;
    queue.add('a');
    await pass();
    expect(results.at(-1)).toMatchObject({ failures: 1, retryInMs: 5 });
  });

  it('lets a key wait for as long as its failure says', async () => {
    const { queue, started, start } = quickQueue(
      () => {
        throw new Error('it always fails');
      },
      1,
      { retryDelayMs: (_error, backoffMs) => Math.min(15, backoffMs) },
    );
    queue.add('a');
    await start();
    await pass(50);
    expect(started.map(({ atMs }) => atMs)).toEqual([0, 5, 15, 30, 45]);
  });

  it('retries all keys together no more often than its bucket gives', async () => {
    const failed = new Set<string>();
    const { queue, started, results, start } = quickQueue((key) => {
      if (failed.has(key)) return undefined;
      failed.add(key);
      throw new Error('everything fails');
    });
    const keys = retryBurst + 2 * retriesPerSecond;
    for (let index = 0; index < keys; index += 1) queue.add(`key-${index}`);
    await start();
    expect(results).toHaveLength(keys);
    await pass(50);
    expect(started).toHaveLength(keys + retryBurst);
    await pass(1_000);
    expect(started).toHaveLength(keys + retryBurst + retriesPerSecond);
    await pass(1_000);
    expect(started).toHaveLength(2 * keys);
  });

  it('lets no retry hold up what is added', async () => {
    const { queue, started, start } = quickQueue((key) => {
      if (key === 'bad') throw new Error('it always fails');
      return undefined;
    });
    queue.add('bad');
    await start();
    await pass(60_000);
    started.length = 0;
    queue.add('bad');
    queue.add('good');
    await pass();
    expect(started.map(({ key }) => key)).toEqual(['bad', 'good']);
  });

  it('brings a key back when its process asks for it', async () => {
    let asks = 2;
    const { queue, started, results, start } = quickQueue(() => {
      asks -= 1;
      return asks >= 0 ? { requeueAfterMs: 30_000 } : {};
    });
    queue.add('a');
    await start();
    await pass(1_000_000);
    expect(started.map(({ atMs }) => atMs)).toEqual([0, 30_000, 60_000]);
    expect(results.every(({ outcome }) => outcome === 'success')).toBe(true);
  });

  it('keeps the earliest of several delays of one key', async () => {
    const { queue, started, start } = quickQueue();
    queue.addAfter('a', 500);
    await start();
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 200);
    queue.addAfter('a', 300);
    queue.addAfter('b', 100);
    expect(queue.depth).toBe(0);
    await pass(10_000);
    expect(started).toEqual([
      { key: 'b', atMs: 100 },
      { key: 'a', atMs: 200 },
    ]);
  });

  it('adds a key at once when there is nothing to wait for', async () => {
    const { queue } = quickQueue();
    for (const delayMs of [0, -1, Number.NaN]) queue.addAfter(`after ${delayMs}`, delayMs);
    expect(queue.depth).toBe(3);
  });

  it('counts delays from when they were given, also before it runs', async () => {
    const { queue, started, start } = quickQueue();
    queue.addAfter('late', 1_000);
    queue.addAfter('due', 300);
    await pass(400);
    await start();
    await pass(10_000);
    expect(started).toEqual([
      { key: 'due', atMs: 400 },
      { key: 'late', atMs: 1_000 },
    ]);
  });

  it('waits longer than a timer can', async () => {
    const { queue, started, start } = quickQueue();
    const delayMs = 40 * 24 * 60 * 60_000;
    queue.addAfter('a', delayMs);
    queue.addAfter('never', Number.POSITIVE_INFINITY);
    await start();
    await pass(delayMs - 1);
    expect(started).toEqual([]);
    await pass(1);
    expect(started).toEqual([{ key: 'a', atMs: delayMs }]);
  });

  it('goes on whatever a process throws', async () => {
    const thrown: unknown[] = [new Error('no'), 'text', undefined, null, Object.create(null)];
    const results: WorkResult[] = [];
    const queue = new WorkQueue({
      concurrency: 1,
      onResult: (result) => results.push(result),
      // Not async, so that it throws before there is a promise.
      process: (key) => {
        throw thrown[Number(key)];
      },
    });
    for (const index of thrown.keys()) queue.add(String(index));
    const { start } = running(queue);
    await start();
    expect(results.map(({ error }) => error)).toEqual(thrown);
  });

  it('tells how long a process took', async () => {
    const { queue, results, start, end } = heldQueue();
    queue.add('a');
    await start();
    await pass(1_500);
    await end('a');
    expect(results).toEqual([{ key: 'a', seconds: 1.5, outcome: 'success', failures: 0 }]);
  });

  it('takes keys from within a process', async () => {
    const { queue, started, start } = quickQueue((key) => {
      if (key === 'a') for (const next of ['a', 'b']) queue.addAfter(next, next === 'a' ? 10 : 0);
      return undefined;
    });
    queue.add('a');
    await start();
    expect(started.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  // Were it quadratic, this would not end in time.
  it('takes a hundred thousand keys', async () => {
    const { queue, started, start } = quickQueue(() => undefined, 4);
    const keys = Array.from({ length: 100_000 }, (_, index) => `shop/fn-${index}`);
    for (const key of keys) queue.add(key);
    await start();
    expect(started).toHaveLength(keys.length);
    expect(started.map(({ key }) => key)).toEqual(keys);
  });
});

describe('a work queue whose trouble is over', () => {
  it('tries at once what would wait for long, and begins to count anew', async () => {
    let isBroken = true;
    const { queue, started, results, start } = quickQueue(() => {
      if (isBroken) throw new Error('away');
      return undefined;
    });
    await start();
    queue.add('a');
    queue.add('b');
    await pass(10_000);
    const waits = results.at(-1)?.retryInMs ?? 0;
    expect(waits).toBeGreaterThan(5_000);
    isBroken = false;
    const before = started.length;
    queue.retryNow();
    await pass();
    expect(started.slice(before).map(({ key }) => key)).toEqual(['a', 'b']);
    expect(results.slice(-2).map(({ outcome }) => outcome)).toEqual(['success', 'success']);
    await pass(60_000);
    expect(started).toHaveLength(before + 2);

    isBroken = true;
    queue.add('a');
    await pass();
    expect(results.at(-1)?.failures).toBe(1);
  });

  it('takes no key twice that waits for its turn already', async () => {
    const { queue, started, start } = quickQueue();
    queue.addAfter('a', 1_000);
    queue.add('a');
    queue.retryNow();
    await start();
    expect(started).toHaveLength(1);
  });
});

describe('a work queue that stops', () => {
  it('waits for what is in process, and starts nothing', async () => {
    const { queue, started, start, stop, over, end } = heldQueue(2);
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await start();
    let isOver = false;
    void over().then(() => {
      isOver = true;
    });
    stop();
    await end('a');
    queue.add('d');
    await pass();
    expect(isOver).toBe(false);
    await end('b');
    expect(isOver).toBe(true);
    expect(started).toEqual(['a', 'b']);
    expect(queue.depth).toBe(2);
  });

  it('tells its processes, and does not count as failures what it cut short', async () => {
    const results: WorkResult[] = [];
    const started: string[] = [];
    const queue = new WorkQueue({
      concurrency: 1,
      onResult: (result) => results.push(result),
      process: async (key, signal) => {
        started.push(key);
        await new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      },
    });
    const { start, stop, over } = running(queue);
    queue.add('a');
    await start();
    stop();
    await over();
    expect(results).toEqual([]);
    expect(queue.depth).toBe(1);
    await start();
    expect(started).toEqual(['a', 'a']);
  });

  it('leaves no timer behind, and nothing that waits', async () => {
    const { queue, start, stop, over, fail, end } = heldQueue(3);
    for (const key of ['fails', 'asks', 'stays']) queue.add(key);
    queue.addAfter('later', 60_000);
    await start();
    await fail('fails');
    expect(vi.getTimerCount()).toBe(2);
    stop();
    expect(vi.getTimerCount()).toBe(0);
    await end('asks', { requeueAfterMs: 1_000 });
    queue.addAfter('stays', 1_000);
    await end('stays');
    await over();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends at once when there is nothing in process', async () => {
    const { start, stop, over } = quickQueue(undefined, 5);
    await start();
    stop();
    await over();
  });

  it('keeps what is left for the next run', async () => {
    const { queue, started, start, stop, over } = quickQueue();
    await start();
    queue.addAfter('later', 1_000);
    stop();
    await over();
    queue.add('new');
    await pass(2_000);
    expect(started).toEqual([]);
    await start();
    await pass(1);
    expect(started.map(({ key }) => key)).toEqual(['new', 'later']);
  });

  it('does not run when it is stopped already', async () => {
    const { queue, started } = quickQueue();
    queue.add('a');
    await queue.run(AbortSignal.abort());
    expect(started).toEqual([]);
    expect(queue.depth).toBe(1);
  });

  it('does not run twice at the same time', async () => {
    const { queue, start } = quickQueue();
    await start();
    await expect(queue.run(new AbortController().signal)).rejects.toThrow('runs already');
  });
});

describe('whatever happens to a work queue', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  const action = fc.oneof(
    { weight: 4, arbitrary: key.map((one) => ({ kind: 'add', key: one, ms: 0 }) as const) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(key, fc.integer({ min: 0, max: 50 }))
        .map(([one, ms]) => ({ kind: 'addAfter', key: one, ms }) as const),
    },
    { weight: 4, arbitrary: key.map((one) => ({ kind: 'end', key: one, ms: 0 }) as const) },
    { weight: 2, arbitrary: key.map((one) => ({ kind: 'fail', key: one, ms: 0 }) as const) },
    {
      weight: 2,
      arbitrary: fc
        .integer({ min: 0, max: 50 })
        .map((ms) => ({ kind: 'pass', key: '', ms }) as const),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart', key: '', ms: 0 } as const) },
  );

  it('no key is ever processed by two, and nothing that was added is lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(action, { maxLength: 60 }),
        async (concurrency, actions) => {
          const held = heldQueue(concurrency);
          // By key: keys that were started when it was last asked for.
          const asked = new Map<string, number>();
          const drain = async (): Promise<void> => {
            while (held.open.size > 0) for (const one of [...held.open.keys()]) await held.end(one);
          };
          await held.start();
          for (const { kind, key: one, ms } of actions) {
            if (kind === 'add' || kind === 'addAfter') asked.set(one, held.started.length);
            if (kind === 'add') held.queue.add(one);
            else if (kind === 'addAfter') held.queue.addAfter(one, ms);
            else if (kind === 'end' && held.open.has(one)) await held.end(one, {});
            else if (kind === 'fail' && held.open.has(one)) {
              asked.set(one, held.started.length);
              await held.fail(one, 'as the test wants it');
            } else if (kind === 'restart') {
              held.stop();
              await drain();
              await held.over();
              await held.start();
            }
            await pass(kind === 'pass' ? ms : 0);
            expect(held.open.size).toBeLessThanOrEqual(concurrency);
          }
          for (let round = 0; round < 20; round += 1) {
            await drain();
            await pass(100);
          }
          for (const [one, before] of asked) expect(held.started.slice(before)).toContain(one);
          expect(held.queue.depth).toBe(0);
          const told = held.results.flatMap(
            ({ error }) => (error as Error | undefined)?.message ?? [],
          );
          expect(told.filter((message) => message.startsWith('two process'))).toEqual([]);
          held.stop();
          await held.over();
          expect(vi.getTimerCount()).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

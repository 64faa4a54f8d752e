import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { EventQueue } from '../../src/controller/event-queue.ts';
import type { EventRetry, FunctionEvent } from '../../src/controller/function-event.ts';
import { functionInMode } from '../support/functions.ts';

const outage: EventRetry = { isOutage: true, leastPauseMs: 0 };
const refusal: EventRetry = { isOutage: false, leastPauseMs: 0 };
const minuteMs = 60_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function event(note: string): FunctionEvent {
  const fn = functionInMode('standalone', { metadata: { uid: 'u-1' } });
  return { fn, notice: { reason: 'NameTaken', type: 'Warning', note }, identity: note, times: 1 };
}

/** A queue that runs, whose Events meet with what `answer` says. */
async function running(answer: (note: string) => EventRetry | undefined, ...notes: string[]) {
  const tries: { note: string; atMs: number }[] = [];
  const startedAtMs = performance.now();
  const queue = new EventQueue(async ({ notice: { note } }) => {
    tries.push({ note, atMs: Math.round(performance.now() - startedAtMs) });
    return answer(note);
  });
  const stop = new AbortController();
  for (const note of notes) queue.add(event(note));
  const run = queue.run(stop.signal);
  onTestFinished(() => stop.abort());
  await vi.advanceTimersByTimeAsync(0);
  return {
    ...{ queue, tries, run },
    notes: () => tries.map(({ note }) => note),
    stop: () => stop.abort(),
  };
}

it('an Event that could not be written is tried again, ever later, before those behind it', async () => {
  let failsLeft = 3;
  const { tries } = await running(
    () => {
      failsLeft -= 1;
      return failsLeft >= 0 ? refusal : undefined;
    },
    'a',
    'b',
  );
  await vi.advanceTimersByTimeAsync(minuteMs);
  expect(tries).toEqual([
    { note: 'a', atMs: 0 },
    { note: 'a', atMs: 250 },
    { note: 'a', atMs: 750 },
    { note: 'a', atMs: 1_750 },
    { note: 'b', atMs: 1_750 },
  ]);
});

it('one that is refused again and again is given up, and the next gets its turn', async () => {
  const { notes } = await running((note) => (note === 'a' ? refusal : undefined), 'a', 'b');
  await vi.advanceTimersByTimeAsync(5 * minuteMs);
  expect(notes()).toEqual([...Array(12).fill('a'), 'b']);
});

it('none is given up while the API server does not answer, however long that is', async () => {
  let isAway = true;
  const { notes, tries } = await running(() => (isAway ? outage : undefined), 'a', 'b');
  await vi.advanceTimersByTimeAsync(60 * minuteMs);
  expect(new Set(notes())).toEqual(new Set(['a']));
  const gaps = tries.slice(1).map(({ atMs }, index) => atMs - (tries[index]?.atMs ?? 0));
  expect(Math.max(...gaps)).toBe(10_000);
  isAway = false;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(notes().slice(-2)).toEqual(['a', 'b']);
});

it('the API server is left alone for as long as it asks', async () => {
  let isBusy = true;
  const { tries } = await running(() => {
    const retry = isBusy ? { isOutage: false, leastPauseMs: 7_000 } : undefined;
    isBusy = false;
    return retry;
  }, 'a');
  await vi.advanceTimersByTimeAsync(minuteMs);
  expect(tries.map(({ atMs }) => atMs)).toEqual([0, 7_000]);
});

it('it stops at once while it waits to try again, and leaves no timer behind', async () => {
  const { notes, run, stop } = await running(() => outage, 'a');
  stop();
  await run;
  expect(vi.getTimerCount()).toBe(0);
  expect(notes()).toEqual(['a']);
});

it('it is full at 10,000, whoever waits to be tried again', async () => {
  const { queue } = await running(() => outage, 'a');
  for (let index = 0; index < 9_999; index += 1) queue.add(event(`note ${index}`));
  expect(queue.isFull).toBe(false);
  queue.add(event('the last'));
  expect(queue.isFull).toBe(true);
});

import { expect, test } from 'vitest';
import { firstRetryMs, KeyBackoff, longestRetryMs } from '../../src/controller/key-backoff.ts';

test('a key waits twice as long after every failure, up to 16 minutes', () => {
  const backoff = new KeyBackoff();
  const delays = Array.from({ length: 40 }, () => backoff.failed('a'));
  expect(delays.slice(0, 5)).toEqual([5, 10, 20, 40, 80]);
  expect(delays[17]).toBe(firstRetryMs * 2 ** 17);
  expect(delays[18]).toBe(16 * 60_000);
  expect(delays.at(-1)).toBe(longestRetryMs);
  expect(backoff.failuresOf('a')).toBe(40);
});

test('each key has failures of its own', () => {
  const backoff = new KeyBackoff();
  backoff.failed('a');
  expect(backoff.failed('b')).toBe(5);
  expect(backoff.failed('a')).toBe(10);
  expect(backoff.failuresOf('__proto__')).toBe(0);
});

test('a success forgets the failures', () => {
  const backoff = new KeyBackoff();
  backoff.failed('a');
  backoff.failed('a');
  backoff.forget('a');
  expect(backoff.failuresOf('a')).toBe(0);
  expect(backoff.failed('a')).toBe(5);
});

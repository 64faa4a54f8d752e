import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '../../../src/adapters/kubernetes/backoff.ts';

const backoff = { firstMs: 200, maxMs: 2_500 };

test('nothing failed: no delay', () => {
  expect(backoffMs(backoff, 0, 0.9)).toBe(0);
});

test('the delay doubles with every failure, up to the limit', () => {
  const longest = [1, 2, 3, 4, 5, 6, 1_000_000].map((failures) => backoffMs(backoff, failures, 1));
  expect(longest).toEqual([200, 400, 800, 1600, 2500, 2500, 2500]);
});

test('half of the delay is left to chance, and it never exceeds the limit', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, random) => {
        const delayMs = backoffMs(backoff, failures + 1, random);
        expect(delayMs).toBeGreaterThanOrEqual(backoffMs(backoff, failures + 1, 0));
        expect(delayMs).toBeLessThanOrEqual(backoff.maxMs);
        expect(delayMs).toBeGreaterThanOrEqual(backoff.firstMs / 2);
      },
    ),
  );
});

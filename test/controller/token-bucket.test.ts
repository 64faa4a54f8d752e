import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/controller/token-bucket.ts';

/** A bucket on a clock that the test moves. */
function bucketOf(perSecond: number, burst: number) {
  const clock = { nowMs: 0 };
  return { clock, bucket: new TokenBucket({ perSecond, burst, now: () => clock.nowMs }) };
}

describe('a token bucket', () => {
  it('gives its burst at once, then one token at a time', () => {
    const { bucket, clock } = bucketOf(10, 3);
    expect([1, 2, 3, 4].map(() => bucket.tryTake())).toEqual([true, true, true, false]);
    expect(bucket.waitMs()).toBe(100);
    clock.nowMs = 99;
    expect(bucket.tryTake()).toBe(false);
    clock.nowMs = 100;
    expect(bucket.tryTake()).toBe(true);
    expect(bucket.tryTake()).toBe(false);
  });

  it('reserves tokens that are yet to come', () => {
    const { bucket, clock } = bucketOf(10, 2);
    expect([1, 2, 3, 4].map(() => bucket.reserve())).toEqual([0, 0, 100, 200]);
    clock.nowMs = 150;
    expect(bucket.reserve()).toBe(150);
    expect(bucket.tryTake()).toBe(false);
  });

  it('is never more than full', () => {
    const { bucket, clock } = bucketOf(10, 2);
    clock.nowMs = 1_000_000;
    expect([1, 2, 3].map(() => bucket.tryTake())).toEqual([true, true, false]);
  });

  it('tells how long to wait without taking anything', () => {
    const { bucket } = bucketOf(1, 1);
    expect([bucket.waitMs(), bucket.waitMs()]).toEqual([0, 0]);
    bucket.reserve();
    expect([bucket.waitMs(), bucket.waitMs()]).toEqual([1_000, 1_000]);
  });

  it('holds less than one token a minute', () => {
    const { bucket, clock } = bucketOf(0.5 / 60, 1);
    expect(bucket.tryTake()).toBe(true);
    clock.nowMs = 119_999;
    expect(bucket.tryTake()).toBe(false);
    clock.nowMs = 120_001;
    expect(bucket.tryTake()).toBe(true);
  });

  it('gives no more than its burst and its rate, however it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 }),
        (perSecond, burst, pausesMs) => {
          const { bucket, clock } = bucketOf(perSecond, burst);
          let taken = 0;
          for (const pauseMs of pausesMs) {
            clock.nowMs += pauseMs;
            if (bucket.tryTake()) taken += 1;
            expect(taken).toBeLessThanOrEqual(burst + (clock.nowMs * perSecond) / 1000 + 1e-6);
          }
        },
      ),
    );
  });
});

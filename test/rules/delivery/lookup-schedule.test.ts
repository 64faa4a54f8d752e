import { describe, expect, it } from 'vitest';
import { nextLookUpMs } from '../../../src/rules/delivery/lookup-schedule.ts';

describe('when endpoints are looked up again', () => {
  it('is when the answer is old, within 1 and 30 s', () => {
    const waits = [0, 1, 5, 30, 86400].map((ttl) => nextLookUpMs(ttl, false));
    expect(waits).toEqual([1000, 1000, 5000, 30_000, 30_000]);
    expect(nextLookUpMs(undefined, false)).toBe(5000);
  });

  it('is within a second of the last where something waits', () => {
    for (const ttl of [undefined, 0, 5, 86400]) expect(nextLookUpMs(ttl, true)).toBe(900);
  });
});

import { describe, expect, it } from 'vitest';
import { refusalBackoffMs } from '../../../src/rules/delivery/refusal-backoff.ts';

describe('how long a pod that refuses is left alone', () => {
  it('doubles up to 5 s', () => {
    const none = () => 0;
    const waits = [1, 2, 3, 6, 7, 8, 1000].map((refusals) => refusalBackoffMs(refusals, none));
    expect(waits).toEqual([100, 200, 400, 3200, 5000, 5000, 5000]);
  });

  it('is less by up to a fifth, by chance', () => {
    expect(refusalBackoffMs(1, () => 0.5)).toBe(90);
    expect(refusalBackoffMs(20, () => 0.999)).toBeGreaterThanOrEqual(4000);
  });
});

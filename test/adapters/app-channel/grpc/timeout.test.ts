import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTimeout, parseTimeout } from '../../../../src/adapters/app-channel/grpc/timeout.ts';

describe('grpc-timeout', () => {
  it('is read in each of its units', () => {
    expect(parseTimeout('2H')).toBe(7_200_000);
    expect(parseTimeout('3M')).toBe(180_000);
    expect(parseTimeout('4S')).toBe(4_000);
    expect(parseTimeout('5m')).toBe(5);
    expect(parseTimeout('6000u')).toBe(6);
    expect(parseTimeout('7000000n')).toBe(7);
  });

  it('does not limit a call when it is missing or no timeout', () => {
    for (const text of [undefined, '', 'm', '5', '5x', '-5m', '123456789m', ' 5m', '5m ', '1.5S']) {
      expect(parseTimeout(text)).toBeUndefined();
    }
  });

  it('loses less than a thousandth, or a microsecond, and never grows', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 99_999_999_000, noNaN: true }), (milliseconds) => {
        const read = parseTimeout(formatTimeout(milliseconds));
        // One rounding of a floating-point number either way.
        expect(read).toBeLessThanOrEqual(milliseconds * (1 + 1e-9));
        expect(read).toBeGreaterThanOrEqual(milliseconds * 0.999 - 0.001);
      }),
    );
  });

  it('is nothing when the deadline has passed', () => {
    expect(formatTimeout(-5)).toBe('0u');
  });

  it('stays within its digits for the longest one there is', () => {
    expect(formatTimeout(parseTimeout('99999999H') ?? 0)).toBe('99999999S');
  });
});

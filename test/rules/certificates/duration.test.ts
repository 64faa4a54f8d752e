import { describe, expect, it } from 'vitest';
import { readLifetime } from '../../../src/rules/certificates/duration.ts';

const hourMs = 60 * 60 * 1000;

describe('a lifetime', () => {
  it.each([
    ['30d', 720 * hourMs],
    ['720h', 720 * hourMs],
    ['90s', 90_000],
    ['10s', 10_000],
    ['10m', 600_000],
    ['1d12h', 36 * hourMs],
    ['1h30m5s', 5_405_000],
    ['3650d', 87_600 * hourMs],
  ])('of %s is %i ms, and is shown as it was written', (text, ms) => {
    const reading = readLifetime(text);
    if (!('value' in reading)) throw new Error(reading.problem);
    expect(reading.value.ms).toBe(ms);
    expect(String(reading.value)).toBe(text);
    expect(JSON.stringify({ lifetime: reading.value })).toBe(`{"lifetime":"${text}"}`);
  });

  it('is nothing else', () => {
    for (const text of [
      ...['', ' ', '0s', '9s', '3651d', '30', '30 d', '-30d', '+30d', '1.5h', '30D', 'd', 'h30'],
      ...['5m1h', '1h1h', '1w', '1e3s', '30d ', '9999999999s', 'NaN', '٣d'],
    ]) {
      expect(readLifetime(text), text).toEqual({
        problem: 'must be a duration from 10s to 3650d, such as 30d, 720h or 90s',
      });
    }
  });
});

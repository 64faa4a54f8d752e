import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { formatDuration, withElapsedTime } from '../../cluster/assets/elapsed-time.ts';

describe('elapsed time', () => {
  it('is told while the work goes on, and not afterwards', async () => {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const { promise, resolve } = Promise.withResolvers<string>();
    const result = withElapsedTime(
      'building',
      (line) => {
        log(line);
        if (lines.length === 3) resolve('done');
      },
      () => promise,
      5,
    );
    expect(await result).toBe('done');
    await delay(30);
    expect(lines).toEqual(['building', 'building: 0 s so far', 'building: 0 s so far']);
  });

  it.each([
    [400, '0 s'],
    [9_000, '9 s'],
    [59_700, '1 min 00 s'],
    [245_000, '4 min 05 s'],
    [3_600_000, '60 min 00 s'],
  ])('of %i ms reads well', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});

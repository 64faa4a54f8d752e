import { describe, expect, it } from 'vitest';
import { CancellationSource } from '../../src/proxy/cancellation.ts';

describe('a cancellation', () => {
  it('tells every listener once', () => {
    const source = new CancellationSource();
    const told: string[] = [];
    source.onCancel(() => told.push('a'));
    source.onCancel(() => told.push('b'));
    expect(source.isCancelled).toBe(false);
    source.cancel();
    source.cancel();
    expect(source.isCancelled).toBe(true);
    expect(told).toEqual(['a', 'b']);
  });

  it('tells none that was taken away, and one that comes late at once', () => {
    const source = new CancellationSource();
    const told: string[] = [];
    source.onCancel(() => told.push('taken away'))();
    source.cancel();
    source.onCancel(() => told.push('late'));
    expect(told).toEqual(['late']);
  });
});

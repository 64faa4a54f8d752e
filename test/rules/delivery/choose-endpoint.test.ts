import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseEndpoint } from '../../../src/rules/delivery/choose-endpoint.ts';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function chances(...values: number[]): () => number {
  return () => values.shift() ?? 0;
}

describe('the choice of an endpoint', () => {
  it('is none of none, and the one of one', () => {
    expect(chooseEndpoint([], Math.random)).toBeUndefined();
    const one = { inFlight: 9 };
    expect(chooseEndpoint([one], Math.random)).toBe(one);
  });

  it('is the one with less in flight, of two different ones', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), chance, chance, (count, first, second) => {
        const asked: number[] = [];
        const candidates = Array.from({ length: count }, (_, index) => ({
          get inFlight() {
            asked.push(index);
            return index;
          },
        }));
        const chosen = chooseEndpoint(candidates, chances(first, second));
        expect(new Set(asked).size).toBe(2);
        expect(chosen).toBe(candidates[Math.min(...asked)]);
      }),
    );
  });

  it('gives a slow one less, and leaves none out', () => {
    // A linear congruential generator: the same numbers in every run.
    let seed = 1;
    const random = (): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    const [slow, fast, other] = [{ inFlight: 50 }, { inFlight: 0 }, { inFlight: 1 }];
    const counts = new Map([slow, fast, other].map((one) => [one, 0]));
    for (let count = 0; count < 3000; count += 1) {
      const chosen = chooseEndpoint([slow, fast, other], random) ?? slow;
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
    }
    expect(counts.get(slow)).toBe(0);
    expect(counts.get(fast)).toBeGreaterThan(1800);
    expect(counts.get(other)).toBeGreaterThan(800);
  });
});

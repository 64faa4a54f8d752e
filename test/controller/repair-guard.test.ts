import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freeWrites, RepairGuard } from '../../src/controller/repair-guard.ts';

const minuteMs = 60_000;

function guarded() {
  const clock = { nowMs: 0 };
  return { clock, guard: new RepairGuard(() => clock.nowMs) };
}

/** Writes at once, as often as it is let. */
function writeTimes(guard: RepairGuard, times: number, key = 'a', wanted = 'x'): void {
  for (let round = 0; round < times; round += 1) guard.wrote(key, wanted);
}

describe('an object', () => {
  it('is written at once some times, and after that ever less often', () => {
    const { clock, guard } = guarded();
    const delays: number[] = [];
    for (let round = 0; round < freeWrites + 12; round += 1) {
      const delayMs = guard.delayMs('a', 'x');
      delays.push(delayMs);
      clock.nowMs += delayMs;
      expect(guard.delayMs('a', 'x')).toBe(0);
      guard.wrote('a', 'x');
    }
    expect(delays.slice(0, freeWrites)).toEqual(Array(freeWrites).fill(0));
    expect(delays.slice(freeWrites)).toEqual([
      ...[1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000],
      ...[5 * minuteMs, 5 * minuteMs, 5 * minuteMs],
    ]);
  });

  it('that is left alone meanwhile waits no longer than it has to', () => {
    const { clock, guard } = guarded();
    writeTimes(guard, freeWrites + 2);
    expect(guard.delayMs('a', 'x')).toBe(4_000);
    clock.nowMs += 3_999;
    expect(guard.delayMs('a', 'x')).toBe(1);
    clock.nowMs += minuteMs;
    expect(guard.delayMs('a', 'x')).toBe(0);
  });

  it('of which something else is wanted is written at once', () => {
    const { guard } = guarded();
    writeTimes(guard, 2 * freeWrites);
    expect(guard.delayMs('a', 'y')).toBe(0);
    guard.wrote('a', 'y');
    expect(guard.delayMs('a', 'y')).toBe(0);
    expect(guard.isContested('a')).toBe(false);
  });

  it('has nothing to do with another', () => {
    const { guard } = guarded();
    writeTimes(guard, 2 * freeWrites);
    expect(guard.delayMs('b', 'x')).toBe(0);
    expect(guard.isContested('b')).toBe(false);
  });

  it('that was left alone for ten minutes is written at once again', () => {
    const { clock, guard } = guarded();
    writeTimes(guard, 2 * freeWrites);
    clock.nowMs += 10 * minuteMs - 1;
    expect(guard.isContested('a')).toBe(true);
    clock.nowMs += 1;
    expect(guard.delayMs('a', 'x')).toBe(0);
    expect(guard.isContested('a')).toBe(false);
    writeTimes(guard, freeWrites - 1);
    expect(guard.delayMs('a', 'x')).toBe(0);
  });

  it('that the controller deletes itself is forgotten', () => {
    const { guard } = guarded();
    writeTimes(guard, 2 * freeWrites);
    guard.forget('a');
    expect(guard.delayMs('a', 'x')).toBe(0);
    expect(guard.isContested('a')).toBe(false);
  });

  it('is contested from the write on after which the next one has to wait', () => {
    const { guard } = guarded();
    for (let round = 0; round < freeWrites + 4; round += 1) {
      expect(guard.isContested('a')).toBe(guard.delayMs('a', 'x') > 0);
      guard.wrote('a', 'x');
    }
  });
});

it('whatever somebody does, an object is not written more than 45 times in an hour', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 * minuteMs })), (pausesMs) => {
      const { clock, guard } = guarded();
      let writes = 0;
      // They change it back after these pauses, and at once when the list is over.
      const pauses = pausesMs[Symbol.iterator]();
      while (clock.nowMs < 60 * minuteMs) {
        clock.nowMs += guard.delayMs('a', 'x');
        guard.wrote('a', 'x');
        writes += 1;
        clock.nowMs += pauses.next().value ?? 0;
      }
      expect(writes).toBeLessThanOrEqual(45);
    }),
  );
});

it('a new image for the proxies of a large cluster costs no more for each than for a few', () => {
  let looks = 0;
  const guard = new RepairGuard(() => {
    looks += 1;
    return 0;
  });
  const count = 20_000;
  for (let index = 0; index < count; index += 1) guard.wrote(`object ${index}`, 'x');
  expect(looks).toBeLessThan(10 * count);
});

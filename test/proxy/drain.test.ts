import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DrainState, drain } from '../../src/proxy/drain.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const limits = { quietMs: 5_000, graceMs: 30_000 };

class Drain {
  state: DrainState;
  refusedNewAfterMs: number | undefined;
  endedAfterMs: number | undefined;
  left: number | undefined;

  constructor(state: Partial<DrainState>) {
    const started = performance.now();
    this.state = {
      inFlight: 0,
      waiting: 0,
      lastDeliveryAt: started,
      connections: 1,
      wasCalled: true,
      ...state,
    };
    const drained = {
      state: () => this.state,
      refuseNew: () => {
        this.refusedNewAfterMs = performance.now() - started;
        this.state = { ...this.state, waiting: 0 };
      },
    };
    void drain(drained, limits).then((left) => {
      this.left = left;
      this.endedAfterMs = performance.now() - started;
    });
  }

  async pass(milliseconds: number, change: Partial<DrainState> = {}): Promise<void> {
    await vi.advanceTimersByTimeAsync(milliseconds);
    this.state = { ...this.state, ...change };
    await vi.advanceTimersByTimeAsync(50);
  }
}

describe('a drain', () => {
  it('is over at once where daprd never came', async () => {
    const one = new Drain({ connections: 0, wasCalled: false });
    await one.pass(0);
    expect(one.left).toBe(0);
  });

  it('is over when daprd has closed its connections and all is answered', async () => {
    const one = new Drain({ inFlight: 2, waiting: 1 });
    await one.pass(1_000, { connections: 0 });
    expect(one.left).toBeUndefined();
    await one.pass(1_000, { inFlight: 0, waiting: 0 });
    expect(one.left).toBe(0);
    expect(one.endedAfterMs).toBeLessThan(2_200);
  });

  it('is over when nothing has come for a while, though connections stay', async () => {
    const one = new Drain({});
    for (let count = 0; count < 4; count += 1) {
      await one.pass(2_000);
      await one.pass(0, { lastDeliveryAt: performance.now() });
    }
    await one.pass(4_000);
    expect(one.left).toBeUndefined();
    await one.pass(3_000);
    expect(one.left).toBe(0);
  });

  it('does not take a daprd that had closed idle connections before for one that is gone', async () => {
    const one = new Drain({ connections: 0 });
    await one.pass(4_000);
    expect(one.left).toBeUndefined();
    await one.pass(2_000);
    expect(one.left).toBe(0);
  });

  it('refuses what waits near the end, and leaves the rest of the time to what is in flight', async () => {
    const one = new Drain({ inFlight: 1, waiting: 7 });
    await one.pass(27_900);
    expect(one.refusedNewAfterMs).toBeUndefined();
    await one.pass(100);
    expect(one.refusedNewAfterMs).toBeGreaterThanOrEqual(28_000);
    expect(one.left).toBeUndefined();
    await one.pass(500, { inFlight: 0 });
    expect(one.left).toBe(0);
  });

  it('tells how many did not finish in time', async () => {
    const one = new Drain({ inFlight: 3 });
    await one.pass(30_000);
    expect(one.left).toBe(3);
  });
});

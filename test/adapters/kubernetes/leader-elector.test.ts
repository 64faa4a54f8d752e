import { describe, expect, it, onTestFinished } from 'vitest';
import { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import { LeaderElector } from '../../../src/adapters/kubernetes/leader-elector.ts';
import { asObject, at, type JsonObject } from '../../../src/api/json.ts';
import { until } from './until.ts';

// Short beside the real ones, long beside what a loaded machine may stall.
const timings = { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 20 };

/** One Lease, with the conflicts that an API server sees to. */
class LeaseStore {
  lease: JsonObject | undefined;
  isDown = false;
  writes: string[] = [];
  #version = 0;

  async getJson(): Promise<JsonObject> {
    if (this.isDown) throw new ApiError('unreachable', 'down');
    if (this.lease === undefined) throw new ApiError('not-found', 'no such Lease');
    return structuredClone(this.lease);
  }

  async changeJson(
    _path: string,
    { method, body }: { method: string; body?: JsonObject },
  ): Promise<JsonObject> {
    if (this.isDown) throw new ApiError('unreachable', 'down');
    const seen = at(body, 'metadata', 'resourceVersion');
    const current = at(this.lease, 'metadata', 'resourceVersion');
    if (method === 'POST' ? this.lease !== undefined : seen !== current) {
      throw new ApiError('refused', 'conflict', { status: 409 });
    }
    this.#version += 1;
    const metadata = { ...asObject(body?.['metadata']), resourceVersion: String(this.#version) };
    this.lease = structuredClone({ ...body, metadata });
    this.writes.push(String(at(body, 'spec', 'holderIdentity')));
    return structuredClone(this.lease);
  }

  get holder(): unknown {
    return at(this.lease, 'spec', 'holderIdentity');
  }
}

/** A candidate, and when it led. */
function stand(store: LeaseStore, identity: string) {
  const stop = new AbortController();
  const state = { leads: false, terms: 0, errors: [] as string[] };
  const elector = new LeaderElector({
    connection: store,
    namespace: 'ours',
    name: 'controller',
    identity,
    timings,
    onError: (error) => state.errors.push(error.message),
    lead: async (signal) => {
      state.leads = true;
      state.terms += 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      state.leads = false;
    },
  });
  const run = elector.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await run;
  };
  onTestFinished(end);
  return { state, elector, end };
}

describe('leader election', () => {
  it('makes one of several lead, and never two', async () => {
    const store = new LeaseStore();
    const candidates = ['a', 'b', 'c'].map((identity) => stand(store, identity));
    const leading = () => candidates.filter(({ state }) => state.leads).length;
    let most = 0;
    await until(() => {
      most = Math.max(most, leading());
      expect(store.writes.length).toBeGreaterThan(10);
    });
    expect(most).toBe(1);
    expect(new Set(store.writes).size).toBe(1);
  });

  it('gives leadership back at the end, so that another leads at once', async () => {
    const store = new LeaseStore();
    const first = stand(store, 'first');
    await until(() => expect(first.state.leads).toBe(true));
    const second = stand(store, 'second');
    await first.end();
    expect(first.state.leads).toBe(false);
    await until(() => expect(second.state.leads).toBe(true));
    expect(store.writes).toContain('');
  });

  it('ends the term of a leader that cannot renew, before another may begin', async () => {
    const store = new LeaseStore();
    const only = stand(store, 'only');
    await until(() => expect(only.state.leads).toBe(true));
    store.isDown = true;
    await until(() => expect(only.state.leads).toBe(false));
    expect(only.elector.isLeader).toBe(false);
    expect(only.state.errors).toContain('down');
    store.isDown = false;
    await until(() => expect(only.state.terms).toBe(2));
  });

  it('ends the term of a leader whose Lease somebody else took', async () => {
    const store = new LeaseStore();
    const robbed = stand(store, 'robbed');
    await until(() => expect(robbed.state.leads).toBe(true));
    const spec = { ...asObject(store.lease?.['spec']), holderIdentity: 'thief' };
    const metadata = { ...asObject(store.lease?.['metadata']), resourceVersion: 'stolen' };
    store.lease = { ...store.lease, metadata, spec };
    await until(() => expect(robbed.state.leads).toBe(false));
    expect(store.holder).toBe('thief');
    // The thief never renews: leadership comes back by itself.
    await until(() => expect(robbed.state.terms).toBe(2));
  });
});

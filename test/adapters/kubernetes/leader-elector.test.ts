import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import { LeaseStore, stand, timings } from './lease-store.ts';
import { until } from './until.ts';

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
    expect(only.state.errors).toContain(
      'Cannot get leases.coordination.k8s.io "controller" in namespace "ours": down',
    );
    store.isDown = false;
    await until(() => expect(only.state.terms).toBe(2));
  });

  it('ends it at the deadline, and not only when the next renewal would be due', async () => {
    const store = new LeaseStore();
    const minuteMs = 60_000;
    const { state } = stand(store, 'only', {
      timings: { leaseDurationMs: 2 * minuteMs, renewDeadlineMs: 100, retryPeriodMs: minuteMs },
    });
    store.onWritten = () => {
      store.isDown = true;
    };
    await until(() => expect(state.terms).toBe(1));
    await until(() => expect(state.leads).toBe(false));
  });

  it('ends the term of a leader whose Lease somebody else took', async () => {
    const store = new LeaseStore();
    const robbed = stand(store, 'robbed');
    await until(() => expect(robbed.state.leads).toBe(true));
    store.steal('thief');
    await until(() => expect(robbed.state.leads).toBe(false));
    expect(store.holder).toBe('thief');
    // The thief never renews: leadership comes back by itself.
    await until(() => expect(robbed.state.terms).toBe(2));
  });

  it('says what could not be done about which Lease, with the way out', async () => {
    const store = new LeaseStore();
    const refusal = 'User "x" cannot update resource "leases" in API group "coordination.k8s.io"';
    store.onWrite = ({ method }) => {
      if (method === 'PUT') throw new ApiError('forbidden', `403 ${refusal}`, { status: 403 });
    };
    const { state } = stand(store, 'only');
    await until(() => expect(state.errors).not.toEqual([]));
    expect(state.errors[0]).toBe(
      'Cannot update leases.coordination.k8s.io "controller" in namespace "ours"; a Role has to ' +
        `grant "update" on "leases" of API group "coordination.k8s.io": 403 ${refusal}`,
    );
  });
});

describe('a process that stops', () => {
  it('just as it becomes leader does not lead, and gives leadership back', async () => {
    const store = new LeaseStore();
    const candidate = stand(store, 'only');
    store.onWritten = () => candidate.stop.abort();
    await candidate.end();
    expect(candidate.state.terms).toBe(0);
    expect(store.holder).toBe('');
  });

  it('in the middle of a renewal gives leadership back all the same', async () => {
    const store = new LeaseStore();
    const leader = stand(store, 'only');
    await until(() => expect(leader.state.leads).toBe(true));
    await store.holdAnswer();
    await leader.end();
    expect(store.holder).toBe('');
    expect(leader.state.errors).toEqual([]);
  });

  it('in the middle of becoming leader gives leadership back, should it have become so', async () => {
    const store = new LeaseStore();
    const held = store.holdAnswer();
    const candidate = stand(store, 'only');
    await held;
    await candidate.end();
    expect(store.writes).toEqual(['only', '']);
    expect(candidate.state.terms).toBe(0);
  });

  it('and only stands by asks for nothing any more', async () => {
    const store = new LeaseStore();
    store.lease = { spec: { holderIdentity: 'somebody', leaseDurationSeconds: 15 } };
    const candidate = stand(store, 'other');
    await until(() => expect(store.reads).toBeGreaterThan(0));
    const { reads } = store;
    await candidate.end();
    expect(store.reads).toBe(reads);
    expect(store.holder).toBe('somebody');
  });

  it('does not take the Lease from somebody who leads by then', async () => {
    const store = new LeaseStore();
    const leader = stand(store, 'only');
    await until(() => expect(leader.state.leads).toBe(true));
    store.steal('thief');
    await leader.end();
    expect(store.holder).toBe('thief');
  });
});

describe('a term', () => {
  it('counts from when the Lease was asked for, as it does for those who stand by', async () => {
    const store = new LeaseStore();
    let nowMs = 0;
    store.onWritten = () => {
      // The first answer takes nearly as long as a leader may go without renewing.
      store.onWritten = () => undefined;
      store.isDown = true;
      nowMs = timings.renewDeadlineMs - 100;
    };
    const slow = stand(store, 'slow', { now: () => nowMs });
    await until(() => expect(slow.state.leads).toBe(true));
    nowMs = timings.renewDeadlineMs;
    await until(() => expect(slow.state.leads).toBe(false));
  });

  it('whose work fails gives leadership back, and the failure is told', async () => {
    const store = new LeaseStore();
    const bug = new Error('a bug');
    const broken = stand(store, 'broken', { lead: () => Promise.reject(bug) });
    await expect(broken.run).rejects.toBe(bug);
    expect(broken.elector.isLeader).toBe(false);
    expect(store.holder).toBe('');
  });
});

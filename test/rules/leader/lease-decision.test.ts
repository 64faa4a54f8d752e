import { describe, expect, it } from 'vitest';
import {
  type LeaseObservation,
  leaseStep,
  mustStepDown,
  observeLease,
  releasedLease,
} from '../../../src/rules/leader/lease-decision.ts';

const timings = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
const time = '2026-01-01T00:00:00.000000Z';

function heldBy(holderIdentity: string, parts: object = {}) {
  return {
    holderIdentity,
    leaseDurationSeconds: 15,
    acquireTime: '2025-01-01T00:00:00.000000Z',
    renewTime: '2025-01-01T00:00:01.000000Z',
    leaseTransitions: 3,
    ...parts,
  };
}

function seen(spec: object, seenAtMs: number): LeaseObservation {
  return observeLease(undefined, { ...spec }, seenAtMs);
}

describe('a candidate', () => {
  it('takes a Lease that is not there', () => {
    expect(leaseStep(undefined, 'me', timings, 0, time)).toEqual({
      kind: 'write',
      spec: {
        holderIdentity: 'me',
        leaseDurationSeconds: 15,
        acquireTime: time,
        renewTime: time,
        leaseTransitions: 0,
      },
    });
  });

  it('stands by while another renews, and takes over when it no longer does', () => {
    const observation = seen(heldBy('other'), 1_000);
    expect(leaseStep(observation, 'me', timings, 15_999, time)).toEqual({
      kind: 'stand-by',
      holder: 'other',
    });
    expect(leaseStep(observation, 'me', timings, 16_000, time)).toMatchObject({
      kind: 'write',
      spec: { holderIdentity: 'me', acquireTime: time, leaseTransitions: 4 },
    });
  });

  it('goes by the duration that the holder states', () => {
    const observation = seen(heldBy('other', { leaseDurationSeconds: 60 }), 0);
    expect(leaseStep(observation, 'me', timings, 59_999, time).kind).toBe('stand-by');
    expect(leaseStep(observation, 'me', timings, 60_000, time).kind).toBe('write');
  });

  it('goes by its own clock alone, however wrong the times in the Lease are', () => {
    for (const renewTime of ['1970-01-01T00:00:00Z', '2999-01-01T00:00:00Z', 'yesterday', 5]) {
      const observation = seen(heldBy('other', { renewTime }), 0);
      expect(leaseStep(observation, 'me', timings, 14_999, time).kind).toBe('stand-by');
      expect(leaseStep(observation, 'me', timings, 15_000, time).kind).toBe('write');
    }
  });

  it('takes a Lease that was given back, at once', () => {
    expect(leaseStep(seen(heldBy(''), 0), 'me', timings, 0, time).kind).toBe('write');
  });

  it('renews its own Lease without a transition', () => {
    const observation = seen(heldBy('me'), 0);
    expect(leaseStep(observation, 'me', timings, 60_000, time)).toMatchObject({
      spec: {
        acquireTime: '2025-01-01T00:00:00.000000Z',
        renewTime: time,
        leaseTransitions: 3,
      },
    });
  });

  it('reads a Lease that somebody damaged', () => {
    for (const spec of [
      {},
      { holderIdentity: 7 },
      { leaseTransitions: 'x' },
      { leaseDurationSeconds: -1 },
    ]) {
      expect(leaseStep(seen(spec, 0), 'me', timings, 0, time).kind).toBe('write');
    }
  });
});

describe('an observation', () => {
  it('keeps its time while the Lease stays the same, and has a new one when it changes', () => {
    const first = observeLease(undefined, heldBy('other'), 5);
    expect(observeLease(first, heldBy('other'), 9)).toBe(first);
    expect(observeLease(first, heldBy('other', { renewTime: 'later' }), 9).seenAtMs).toBe(9);
  });
});

describe('a leader', () => {
  it('steps down when it could not renew for the renew deadline', () => {
    expect(mustStepDown(0, timings, 9_999)).toBe(false);
    expect(mustStepDown(0, timings, 10_000)).toBe(true);
  });

  it('gives back what is its own, and nothing else', () => {
    expect(releasedLease(heldBy('me'), 'me', time)).toMatchObject({
      holderIdentity: '',
      leaseDurationSeconds: 1,
      leaseTransitions: 3,
    });
    expect(releasedLease(heldBy('other'), 'me', time)).toBeUndefined();
  });
});

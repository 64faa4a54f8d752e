import { describe, expect, it } from 'vitest';
import {
  type PlanInput,
  planCertificates,
  renewalMs,
  type StoredFacts,
  settlingTimeMs,
} from '../../../src/rules/certificates/certificate-plan.ts';

const secondMs = 1_000;
const dayMs = 24 * 60 * 60 * secondMs;
const lifetimes = { caMs: 360 * dayMs, servingMs: 30 * dayMs };
const hosts = ['webhook.ours.svc'];

const fresh: StoredFacts = {
  signing: { id: 'first', madeAtMs: 0, notAfterMs: 360 * dayMs },
  next: undefined,
  former: [],
  serving: { issuerId: 'first', madeAtMs: 0, notAfterMs: 30 * dayMs, hosts },
  replacedUntilMs: undefined,
};

function plan(nowMs: number, stored: Partial<StoredFacts> = {}, more: Partial<PlanInput> = {}) {
  return planCertificates({
    secretName: { namespace: 'ours', name: 'certificates' },
    secret: { kind: 'stored', stored: { ...fresh, ...stored } },
    lifetimes,
    hosts,
    nextTrustedSinceMs: undefined,
    nowMs,
    ...more,
  });
}

/** A serving certificate that is not due for long, so that only authorities matter. */
function servingBy(issuerId: string, madeAtMs: number) {
  return { issuerId, madeAtMs, notAfterMs: madeAtMs + 30 * dayMs, hosts };
}

describe('where there is no Secret, or an empty one of ours', () => {
  it.each(['absent', 'empty'] as const)('everything is made (%s)', (kind) => {
    expect(plan(5, {}, { secret: { kind } })).toEqual({
      kind: 'begin',
      hosts,
      authorityUntilMs: 5 + 360 * dayMs,
      servingUntilMs: 5 + 30 * dayMs,
    });
  });
});

describe('a Secret that cannot be used is left alone, and it is said', () => {
  it("that it is somebody else's", () => {
    expect(plan(0, {}, { secret: { kind: 'foreign' } })).toEqual({
      kind: 'refuse',
      problem: `Secret "certificates" in namespace "ours" is somebody else's (it has no label app.kubernetes.io/managed-by: openfunction-dapr-webhook) and is left alone; delete it or choose another with --certificate-secret, or mount it and use --certificates files`,
    });
  });

  it('what of it is damaged', () => {
    const problem = 'tls.key is not the key of tls.crt';
    expect(plan(0, {}, { secret: { kind: 'damaged', problem } })).toEqual({
      kind: 'refuse',
      problem: `Secret "certificates" in namespace "ours" is damaged (${problem}) and is left alone; mend it, or delete it to have a new CA and certificate made`,
    });
  });
});

describe('a serving certificate', () => {
  it('is kept for two thirds of its life, then replaced', () => {
    expect(plan(20 * dayMs - 1)).toEqual({ kind: 'keep', untilMs: 20 * dayMs });
    expect(plan(20 * dayMs)).toEqual({
      kind: 'issue',
      by: 'signing',
      hosts,
      servingUntilMs: 50 * dayMs,
      replacedUntilMs: 30 * dayMs,
    });
  });

  it('is replaced after it has expired as well', () => {
    expect(plan(100 * dayMs)).toMatchObject({ kind: 'issue', servingUntilMs: 130 * dayMs });
  });

  it('goes by a setting that has become shorter, and not by one that has become longer', () => {
    const shorter = { ...lifetimes, servingMs: 3 * dayMs };
    expect(plan(dayMs, {}, { lifetimes: shorter })).toEqual({ kind: 'keep', untilMs: 2 * dayMs });
    expect(plan(2 * dayMs, {}, { lifetimes: shorter })).toMatchObject({
      kind: 'issue',
      servingUntilMs: 5 * dayMs,
      // What it replaces may be in use for longer than itself.
      replacedUntilMs: 30 * dayMs,
    });
    const longer = { ...lifetimes, servingMs: 60 * dayMs };
    expect(plan(0, {}, { lifetimes: longer })).toEqual({ kind: 'keep', untilMs: 20 * dayMs });
  });

  it('is replaced at once by one for more hosts, which is good for the hosts of before as well', () => {
    expect(plan(dayMs, {}, { hosts: ['other.ours.svc'] })).toMatchObject({
      kind: 'issue',
      hosts: ['other.ours.svc', 'webhook.ours.svc'],
    });
  });

  it('may be good for more hosts than it has to, until it is renewed', () => {
    const serving = { ...fresh.serving, hosts: [...hosts, 'old.ours.svc'] };
    expect(plan(dayMs, { serving })).toMatchObject({ kind: 'keep' });
    expect(plan(20 * dayMs, { serving })).toMatchObject({ kind: 'issue', hosts });
  });

  it('never outlives the authority that signs it', () => {
    const next = { id: 'next', madeAtMs: 0, notAfterMs: 700 * dayMs };
    const serving = servingBy('first', 330 * dayMs - 10 * dayMs);
    expect(plan(341 * dayMs, { next, serving })).toMatchObject({
      kind: 'issue',
      by: 'signing',
      servingUntilMs: 360 * dayMs,
    });
  });

  it('is not replaced again and again by one that expires at the same time', () => {
    const next = { id: 'next', madeAtMs: 240 * dayMs, notAfterMs: 600 * dayMs };
    const serving = { ...servingBy('first', 350 * dayMs), notAfterMs: 360 * dayMs };
    expect(plan(359 * dayMs, { next, serving })).toEqual({ kind: 'keep', untilMs: 360 * dayMs });
    expect(plan(360 * dayMs, { next, serving })).toMatchObject({ kind: 'issue', by: 'next' });
  });
});

describe('a certificate authority', () => {
  const serving = servingBy('first', 230 * dayMs);
  const next = { id: 'second', madeAtMs: 240 * dayMs, notAfterMs: 600 * dayMs };

  it('gets a successor beside it after two thirds of its life', () => {
    expect(plan(240 * dayMs - 1, { serving })).toEqual({ kind: 'keep', untilMs: 240 * dayMs });
    expect(plan(240 * dayMs, { serving })).toEqual({
      kind: 'add-authority',
      authorityUntilMs: 600 * dayMs,
    });
    expect(plan(240 * dayMs, { serving, next })).toEqual({ kind: 'keep', untilMs: 250 * dayMs });
  });

  it('goes by a setting that has become shorter', () => {
    const shorter = { ...lifetimes, caMs: 90 * dayMs };
    expect(plan(60 * dayMs, { serving }, { lifetimes: shorter })).toMatchObject({
      kind: 'add-authority',
      authorityUntilMs: 150 * dayMs,
    });
  });

  it('signs for as long as its successor is not trusted by all for a minute', () => {
    const due = 250 * dayMs;
    for (const nextTrustedSinceMs of [undefined, due - 59_999]) {
      expect(plan(due, { serving, next }, { nextTrustedSinceMs })).toMatchObject({
        kind: 'issue',
        by: 'signing',
      });
    }
    expect(plan(due, { serving, next }, { nextTrustedSinceMs: due - 60_000 })).toEqual({
      kind: 'issue',
      by: 'next',
      hosts,
      servingUntilMs: 280 * dayMs,
      replacedUntilMs: 260 * dayMs,
    });
  });

  it('is looked at again when its successor may sign', () => {
    const late = { ...servingBy('first', 340 * dayMs), notAfterMs: 360 * dayMs };
    const stored = { serving: late, next: { ...next, madeAtMs: 355 * dayMs } };
    const nextTrustedSinceMs = 356 * dayMs - 10;
    expect(plan(356 * dayMs, stored, { nextTrustedSinceMs })).toEqual({
      kind: 'keep',
      untilMs: nextTrustedSinceMs + 60_000,
    });
  });

  it('that has expired leaves the signing to its successor, trusted or not', () => {
    expect(plan(360 * dayMs, { serving, next })).toMatchObject({ kind: 'issue', by: 'next' });
  });

  it('that has expired without a successor begins anew, and so do two that have', () => {
    const begun = { kind: 'begin', authorityUntilMs: 760 * dayMs };
    expect(plan(400 * dayMs, { serving })).toMatchObject(begun);
    const over = { ...next, notAfterMs: 390 * dayMs };
    expect(plan(400 * dayMs, { serving, next: over })).toMatchObject(begun);
  });

  it('gets another successor when the one there is has expired before it signed', () => {
    const over = { ...next, notAfterMs: 250 * dayMs - 1 };
    expect(plan(250 * dayMs - 1, { serving, next: over })).toMatchObject({ kind: 'add-authority' });
  });

  it('stays trusted until the last that it signed has expired, wherever that may be served', () => {
    const former = [fresh.signing];
    const signing = next;
    const current = { ...servingBy('second', 250 * dayMs) };
    const stored = { signing, former, serving: current, replacedUntilMs: 260 * dayMs };
    expect(plan(259 * dayMs, stored)).toEqual({ kind: 'keep', untilMs: 260 * dayMs });
    expect(plan(260 * dayMs, stored)).toEqual({ kind: 'retire', ids: ['first'] });
  });

  it('stays trusted until it expires where it is not known what it signed', () => {
    const stored = {
      signing: next,
      former: [fresh.signing],
      serving: servingBy('second', 350 * dayMs),
    };
    expect(plan(359 * dayMs, stored)).toEqual({ kind: 'keep', untilMs: 360 * dayMs });
    expect(plan(360 * dayMs, stored)).toEqual({ kind: 'retire', ids: ['first'] });
    // Nor is it known after one more renewal.
    expect(
      plan(340 * dayMs, { ...stored, serving: servingBy('second', 310 * dayMs) }),
    ).toMatchObject({ kind: 'issue', replacedUntilMs: 360 * dayMs });
  });

  it('is not retired while it is the one that signed what is served', () => {
    const stored = {
      signing: next,
      former: [fresh.signing],
      serving: servingBy('first', 250 * dayMs),
      replacedUntilMs: 100 * dayMs,
    };
    expect(plan(260 * dayMs, stored)).toMatchObject({ kind: 'keep' });
  });
});

describe('times', () => {
  it('of renewal are two thirds of the shorter of life and setting', () => {
    expect(renewalMs({ madeAtMs: 100, notAfterMs: 400 }, 3_000)).toBe(300);
    expect(renewalMs({ madeAtMs: 100, notAfterMs: 400 }, 30)).toBe(120);
  });

  it('of settling are a minute, and shorter where authorities live for minutes', () => {
    expect(settlingTimeMs(lifetimes)).toBe(60_000);
    expect(settlingTimeMs({ caMs: 30_000, servingMs: 10_000 })).toBe(1_000);
  });
});

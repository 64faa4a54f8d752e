import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { carryOut } from '../../../src/adapters/tls/carry-out-plan.ts';
import { CertificateError } from '../../../src/adapters/tls/certificate-error.ts';
import type { KeyedCertificate } from '../../../src/adapters/tls/make-certificates.ts';
import {
  type CertificateEntries,
  certificateEntriesOf,
  readStoredCertificates,
} from '../../../src/adapters/tls/stored-certificates.ts';
import { authority, serving } from './made-certificates.ts';

/** Made for this Secret, and an authority and a certificate that have nothing to do with it. */
let entries: Record<string, string>;
let withNext: Record<string, string>;
let strange: { readonly authority: KeyedCertificate; readonly serving: KeyedCertificate };

const nowMs = Date.parse('2026-11-20T10:00:00.000Z');
const minuteMs = 60_000;

/** Entries without those that have to go, as a Secret has them. */
function present(all: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])),
  );
}

function read(found: CertificateEntries, replacedUntilMs?: number) {
  return readStoredCertificates(found, replacedUntilMs);
}

beforeAll(async () => {
  const begun = await carryOut(
    {
      kind: 'begin',
      hosts: ['webhook.ours.svc', '127.0.0.1'],
      authorityUntilMs: nowMs + 60 * minuteMs,
      servingUntilMs: nowMs + 10 * minuteMs,
    },
    undefined,
    nowMs,
  );
  entries = present(certificateEntriesOf(begun));
  const added = await carryOut(
    { kind: 'add-authority', authorityUntilMs: nowMs + 100 * minuteMs },
    read(entries),
    nowMs + 40 * minuteMs,
  );
  withNext = present(certificateEntriesOf(added));
  const other = await authority('strange');
  strange = { authority: other, serving: await serving(other) };
});

describe('what was stored', () => {
  it('is read as it was made', () => {
    expect(Object.keys(entries).sort()).toEqual(['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
    const { facts, serving: pair, bundle } = read(entries, 5);
    const life = { madeAtMs: nowMs, notAfterMs: nowMs + 60 * minuteMs };
    expect(facts).toEqual({
      signing: { id: expect.any(String), ...life },
      next: undefined,
      former: [],
      serving: {
        issuerId: facts.signing.id,
        madeAtMs: nowMs,
        notAfterMs: nowMs + 10 * minuteMs,
        hosts: ['webhook.ours.svc', '127.0.0.1'],
      },
      replacedUntilMs: 5,
    });
    expect(pair.expiresAt.getTime()).toBe(nowMs + 10 * minuteMs);
    expect(bundle).toBe(entries['ca.crt']);
  });

  it('holds the next authority beside the one that signs, both trusted', () => {
    const before = read(entries);
    const { facts, bundle, serving: pair } = read(withNext);
    expect(facts.signing).toEqual(before.facts.signing);
    expect(facts.next).toMatchObject({ notAfterMs: nowMs + 100 * minuteMs });
    expect(pair).toEqual(before.serving);
    expect(bundle).toBe(withNext['ca.crt']);
    expect(bundle.startsWith(before.bundle)).toBe(true);
    expect(bundle.length).toBeGreaterThan(before.bundle.length);
  });

  it('is signed by the next authority when it is its turn, with the same trust; the old key goes', async () => {
    const before = read(withNext);
    const issued = await carryOut(
      {
        kind: 'issue',
        by: 'next',
        hosts: ['a'],
        servingUntilMs: nowMs + 90 * minuteMs,
        replacedUntilMs: 0,
      },
      before,
      nowMs + 50 * minuteMs,
    );
    const after = present(certificateEntriesOf(issued));
    expect(after['ca.crt']).toBe(withNext['ca.crt']);
    expect(after['next-ca.key']).toBeUndefined();
    expect(after['ca.key']).toBe(withNext['next-ca.key']);
    const { facts } = read(after);
    expect(facts.signing).toEqual(before.facts.next);
    expect(facts.former).toEqual([before.facts.signing]);
    expect(facts.serving).toMatchObject({ issuerId: facts.signing.id, hosts: ['a'] });

    const retired = await carryOut(
      { kind: 'retire', ids: [before.facts.signing.id] },
      read(after),
      nowMs + 60 * minuteMs,
    );
    const last = present(certificateEntriesOf(retired));
    expect(read(last).facts).toMatchObject({ signing: facts.signing, former: [] });
    expect(last['tls.crt']).toBe(after['tls.crt']);
    expect(new X509Certificate(last['ca.crt'] ?? '').fingerprint256).toBe(facts.signing.id);
  });

  it('keeps authorities and their names apart', () => {
    const names = read(withNext)
      .bundle.split(/(?<=-----END CERTIFICATE-----\n)/)
      .map((pem) => new X509Certificate(pem).subject);
    expect(new Set(names).size).toBe(2);
    for (const name of names)
      expect(name).toMatch(/^CN=openfunction-dapr-webhook CA [0-9a-f]{16}$/);
  });
});

describe('what is damaged', () => {
  const damages: readonly [
    problem: string,
    damage: () => Readonly<Record<string, string | undefined>>,
  ][] = [
    ['it has no tls.key', () => ({ 'tls.key': undefined })],
    ['it has no ca.crt, no tls.crt', () => ({ 'ca.crt': '', 'tls.crt': undefined })],
    ['tls.crt is no PEM certificate', () => ({ 'tls.crt': 'rubbish' })],
    ['tls.key is no PEM private key', () => ({ 'tls.key': 'rubbish' })],
    ['tls.key is not the key of tls.crt', () => ({ 'tls.key': strange.serving.key })],
    ['ca.crt is no PEM certificate', () => ({ 'ca.crt': 'rubbish' })],
    ['ca.key is no PEM private key', () => ({ 'ca.key': 'rubbish' })],
    [
      'ca.key is not the key of a certificate in ca.crt',
      () => ({ 'ca.key': strange.authority.key }),
    ],
    [
      'next-ca.key is not the key of a certificate in ca.crt',
      () => ({ 'next-ca.key': strange.authority.key }),
    ],
    [
      'tls.crt is not signed by any of ca.crt',
      () => ({ 'tls.crt': strange.serving.certificate, 'tls.key': strange.serving.key }),
    ],
    [
      'ca.crt holds a certificate that is no certificate authority',
      () => ({ 'ca.crt': `${entries['ca.crt']}${strange.serving.certificate}` }),
    ],
  ];
  it.each(damages)('is told by the name of the entry: %s', (problem, damage) => {
    const damaged = present({ ...entries, ...damage() });
    expect(() => read(damaged)).toThrow(new CertificateError(problem));
  });

  it('is told without what an entry holds', () => {
    for (const name of Object.keys(withNext)) {
      const half = (withNext[name] ?? '').slice(0, 120);
      try {
        read({ ...withNext, [name]: half });
      } catch (error) {
        expect(String(error)).not.toContain(half.slice(40, 60));
      }
    }
  });
});

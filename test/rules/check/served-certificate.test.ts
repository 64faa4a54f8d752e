import { describe, expect, test } from 'vitest';
import { found } from '../../../src/rules/check/looked-up.ts';
import {
  type CertificateFacts,
  type ServedCertificate,
  servedCertificate,
} from '../../../src/rules/check/served-certificate.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const nowMs = 1_000 * dayMs;

function told(certificate: ServedCertificate, facts: Partial<CertificateFacts> = {}): string {
  const finding = servedCertificate({
    certificate: found(certificate),
    secret: { namespace: 'baas', name: 'certs' },
    isCertain: true,
    isProven: false,
    nowMs,
    ...facts,
  });
  return `${finding.level}: ${finding.message}`;
}

/** A certificate that was made some time ago, and has some time left. */
function good(ageMs: number, leftMs: number): ServedCertificate {
  return {
    kind: 'read',
    notBeforeMs: nowMs - ageMs,
    notAfterMs: nowMs + leftMs,
    notAfter: 'THEN',
    hosts: ['a.baas.svc'],
    missingHosts: [],
  };
}

describe('the serving certificate', () => {
  const table: readonly [ageMs: number, leftMs: number, message: string][] = [
    [10 * dayMs, 20 * dayMs, 'ok: for 20 days more, until THEN'],
    // Renewed after two thirds of its life, so that it is late with less than a quarter left.
    [22 * dayMs, 8 * dayMs, 'ok: for 8 days more, until THEN'],
    [
      23 * dayMs,
      7 * dayMs,
      'warning: for 7 days more, until THEN, and should have been renewed by now',
    ],
    // Of a long life a fortnight is notice enough.
    [350 * dayMs, 15 * dayMs, 'ok: for 15 days more, until THEN'],
    [
      352 * dayMs,
      13 * dayMs,
      'warning: for 13 days more, until THEN, and should have been renewed by now',
    ],
    [50 * minuteMs, 40 * minuteMs, 'ok: for 40 minutes more, until THEN'],
    [dayMs, 40 * hourMs, 'ok: for 40 hours more, until THEN'],
    [0, 30_000, 'ok: for 1 minute more, until THEN'],
    [30 * dayMs, 0, 'error: it expired 1 minute ago, at THEN'],
    [30 * dayMs, -3 * dayMs, 'error: it expired 3 days ago, at THEN'],
    [-2 * hourMs, 30 * dayMs, 'error: it is valid only in 2 hours'],
  ];
  test.each(table)('of age %d ms with %d ms left', (ageMs, leftMs, message) => {
    expect(told(good(ageMs, leftMs))).toBe(message);
  });

  test('has to be for the name that API servers call', () => {
    const certificate = { ...good(dayMs, 20 * dayMs), missingHosts: ['b.baas.svc'] };
    expect(told(certificate as ServedCertificate)).toBe(
      'error: it is not for b.baas.svc, as which API servers call it, but for a.baas.svc',
    );
  });

  test('has to be in its Secret, where that is certain', () => {
    expect(told({ kind: 'no secret' })).toBe('error: there is no Secret certs in namespace baas');
    expect(told({ kind: 'unreadable' })).toContain('error: Secret certs in namespace baas has no');
  });

  test('may be elsewhere, which is well when a dry run got through', () => {
    const unseen = 'it is kept where it cannot be seen from here';
    const wanting = [{ kind: 'elsewhere' }, { kind: 'no secret' }] as const;
    for (const certificate of wanting) {
      expect(told(certificate, { isCertain: false })).toBe(`warning: not looked at: ${unseen}`);
      expect(told(certificate, { isCertain: false, isProven: true })).toBe(
        `ok: a dry run got through; for how long is not known: ${unseen}`,
      );
    }
  });
});

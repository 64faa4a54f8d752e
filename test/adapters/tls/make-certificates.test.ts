import { createPrivateKey, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backdateMs } from '../../../src/adapters/tls/backdate.ts';
import { hostsOf, normalHost } from '../../../src/adapters/tls/pem-certificates.ts';
import { authority, serving } from './made-certificates.ts';

const nowMs = Date.parse('2026-11-20T10:00:00.789Z');
const lifeMs = 90_000;

/** The serial number as it is stored: how Go wants it, with the sign in its first bit and no byte too many. */
function isMinimal(serialNumber: string): boolean {
  const bytes = Buffer.from(serialNumber, 'hex');
  return bytes.length <= 20 && bytes[0] !== 0 && !serialNumber.startsWith('-');
}

describe('an authority', () => {
  it('signs certificates and nothing else, with a P-256 key', async () => {
    const made = await authority('one CA', nowMs, lifeMs);
    const certificate = new X509Certificate(made.certificate);
    expect(certificate.ca).toBe(true);
    expect(certificate.subject).toBe('CN=one CA');
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(certificate.checkPrivateKey(createPrivateKey(made.key))).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.signatureAlgorithm).toBe('ecdsa-with-SHA256');
  });
});

describe('a serving certificate', () => {
  it('is verified by its authority, and can sign nothing', async () => {
    const signer = await authority();
    const certificate = new X509Certificate((await serving(signer)).certificate);
    const ca = new X509Certificate(signer.certificate);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(ca)).toBe(true);
    expect(certificate.verify(ca.publicKey)).toBe(true);
    // serverAuth
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  });

  it('is good from a while before it is made, for clocks that are behind, until it ends', async () => {
    const made = await serving(await authority(), ['localhost'], nowMs, lifeMs);
    const certificate = new X509Certificate(made.certificate);
    const second = (ms: number): Date => new Date(Math.floor(ms / 1000) * 1000);
    expect(certificate.validFromDate).toEqual(second(nowMs - backdateMs));
    expect(certificate.validToDate).toEqual(second(nowMs + lifeMs));
  });

  it('is good for just the hosts that it is for', async () => {
    const signer = await authority();
    const name = fc
      .array(fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,6}[a-z0-9])?$/), {
        minLength: 1,
        maxLength: 4,
      })
      .map((labels) => labels.join('.'))
      .filter((host) => !/^[\d.]+$/.test(host));
    const host = fc.oneof(name, fc.ipV4(), fc.ipV6());
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(host, { minLength: 1, maxLength: 5 }), async (hosts) => {
        const made = await serving(signer, hosts);
        const found = hostsOf(new X509Certificate(made.certificate));
        expect(new Set(found)).toEqual(new Set(hosts.map(normalHost)));
      }),
      { numRuns: 50, examples: [[['::ffff:1.2.3.4', '::']]] },
    );
  });

  it('is not made when it would not be good for a host', async () => {
    const signer = await authority();
    await expect(serving(signer, ['localhost', 'two, DNS:hosts'])).rejects.toThrow(
      'no certificate can be made for two, DNS:hosts',
    );
  });
});

it('serial numbers are random, and ones that Go reads', async () => {
  const signer = await authority();
  const made = await Promise.all(Array.from({ length: 100 }, () => serving(signer)));
  const serials = made.map(({ certificate }) => new X509Certificate(certificate).serialNumber);
  expect(new Set(serials).size).toBe(100);
  expect(serials.filter((serial) => !isMinimal(serial))).toEqual([]);
});

import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeAuthority } from '../../../src/adapters/tls/make-certificates.ts';
import { readCertificates } from '../../../src/adapters/tls/pem-certificates.ts';
import { leadsTo } from '../../../src/adapters/tls/verify-chain.ts';
import { authority, serving } from './made-certificates.ts';

const now = new Date();
const hourMs = 60 * 60 * 1000;
const parse = ({ certificate }: { certificate: string }) => new X509Certificate(certificate);

describe('a certificate', () => {
  it('leads to its authority, also among others, also by the same name', async () => {
    const [right, wrong] = await Promise.all([authority('CA'), authority('CA')]);
    const chain = [parse(await serving(right))];
    expect(leadsTo(chain, [right].map(parse), now)).toBe(true);
    expect(leadsTo(chain, [wrong, right].map(parse), now)).toBe(true);
    expect(leadsTo(chain, [wrong].map(parse), now)).toBe(false);
    expect(leadsTo(chain, [], now)).toBe(false);
    expect(leadsTo([], [right].map(parse), now)).toBe(false);
  });

  it('leads to itself, where that is trusted', async () => {
    const certificate = parse(await serving(await authority()));
    expect(leadsTo([certificate], [certificate], now)).toBe(true);
  });

  it('leads to nothing when it has expired, or when what signed it has', async () => {
    const long = await authority('long', now.getTime(), 3 * hourMs);
    const short = await authority('short');
    const late = new Date(now.getTime() + 2 * hourMs);
    expect(leadsTo([parse(await serving(long))], [parse(long)], late)).toBe(false);
    const outliving = parse(await serving(short, ['a'], now.getTime(), 3 * hourMs));
    expect(leadsTo([outliving], [parse(short)], now)).toBe(true);
    expect(leadsTo([outliving], [parse(short)], late)).toBe(false);
  });

  it('leads through what is sent along', async () => {
    // An authority below another one: what our own maker signs is never an authority.
    const { generate } = await import('selfsigned');
    const root = await authority('root');
    const made = await generate([{ name: 'commonName', value: 'between' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { key: root.key, cert: root.certificate },
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, critical: true },
      ],
    });
    const between = { certificate: made.cert, key: made.private };
    const leaf = parse(await serving(between));
    expect(leadsTo([leaf, parse(between)], [parse(root)], now)).toBe(true);
    expect(leadsTo([leaf], [parse(root)], now)).toBe(false);
    expect(leadsTo([leaf], [parse(between)], now)).toBe(true);
  });

  it('that goes in circles ends', async () => {
    const own = parse(await makeAuthority('own', { madeAtMs: Date.now(), notAfterMs: 2e12 }));
    expect(leadsTo([own, own, own], [parse(await authority('another'))], now)).toBe(false);
  });
});

describe('a bundle', () => {
  it('is read with everything that people put between certificates', async () => {
    const [one, two] = await Promise.all([authority('one'), authority('two')]);
    const pem = `# a comment\n${one.certificate}subject=CN=x\n${two.certificate.trim()}-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n`;
    expect(readCertificates(pem).map(({ subject }) => subject)).toEqual(['CN=one', 'CN=two']);
    expect(readCertificates('')).toEqual([]);
    expect(readCertificates('rubbish')).toEqual([]);
  });
});

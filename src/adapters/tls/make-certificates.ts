import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { backdateMs } from './backdate.ts';
import { CertificateError } from './certificate-error.ts';
import { hostsOf, normalHost } from './pem-certificates.ts';

/** A certificate and its key, both PEM. The key is never logged. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface MadeValidity {
  readonly madeAtMs: number;
  readonly notAfterMs: number;
}

/** Managed API servers refuse Ed25519; P-256 is taken everywhere. */
const keyOptions = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/** Loaded on demand: it takes a third of a process's start, and most starts find a certificate. */
async function generate(...args: Parameters<Generate>): ReturnType<Generate> {
  return (await import('selfsigned')).generate(...args);
}

type Generate = typeof import('selfsigned').generate;

/** What a subject alternative name is, as X.509 numbers them. */
const dnsName = 2;
const ipAddress = 7;

/**
 * A certificate authority that signs serving certificates and nothing else.
 *
 * @param name has to be another one for each: who verifies finds the signer by its name
 */
export async function makeAuthority(
  name: string,
  validity: MadeValidity,
): Promise<KeyedCertificate> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...keyOptions,
    ...datesOf(validity),
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { certificate: new X509Certificate(made.cert).toString(), key: made.private };
}

/**
 * A serving certificate, signed by an authority.
 *
 * @throws CertificateError when it would not be good for each of the hosts
 */
export async function makeServingCertificate(
  authority: KeyedCertificate,
  name: string,
  hosts: readonly string[],
  validity: MadeValidity,
): Promise<KeyedCertificate> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...keyOptions,
    ...datesOf(validity),
    ca: { key: authority.key, cert: authority.certificate },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        // The library reads an IPv6 address that ends in an IPv4 one as something else.
        altNames: hosts.map(normalHost).map((host) => {
          return isIP(host) === 0 ? { type: dnsName, value: host } : { type: ipAddress, ip: host };
        }),
      },
    ],
  });
  const certificate = new X509Certificate(made.cert);
  const goodFor = hostsOf(certificate);
  const lacking = hosts.filter((host) => !goodFor.includes(normalHost(host)));
  // Whoever stored it would find it wanting, and make it anew for ever.
  if (lacking.length > 0) {
    throw new CertificateError(`no certificate can be made for ${lacking.join(', ')}`);
  }
  return { certificate: certificate.toString(), key: made.private };
}

function datesOf({ madeAtMs, notAfterMs }: MadeValidity) {
  return {
    notBeforeDate: new Date(madeAtMs - backdateMs),
    notAfterDate: new Date(notAfterMs),
  };
}

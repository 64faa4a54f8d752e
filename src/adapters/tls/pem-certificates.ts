import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

const pemBlock = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * The certificates of a PEM text, in its order. What stands between them is passed
 * over, as everybody does; so is a block that is no certificate.
 */
export function readCertificates(pem: string): X509Certificate[] {
  return (pem.match(pemBlock) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/** The DNS names and IP addresses that a certificate is good for. */
export function hostsOf(certificate: X509Certificate): string[] {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return names.flatMap((name) => {
    const [, kind, host = ''] = /^(DNS|IP Address):(.+)$/.exec(name) ?? [];
    return kind === undefined ? [] : [normalHost(host)];
  });
}

/** A host in the one way to write it, so that texts can be compared. */
export function normalHost(host: string): string {
  // The URL parser knows the shortest form of an IPv6 address.
  if (isIP(host) === 6) return new URL(`http://[${host}]`).hostname.slice(1, -1);
  return host.toLowerCase();
}

/** Whether a certificate is good for a DNS name or an IP address. */
export function isForHost(certificate: X509Certificate, host: string): boolean {
  if (isIP(host) !== 0) return certificate.checkIP(host) !== undefined;
  // A wildcard is a name, too, and stands for others.
  return (
    certificate.checkHost(host, { subject: 'never' }) !== undefined ||
    hostsOf(certificate).includes(normalHost(host))
  );
}

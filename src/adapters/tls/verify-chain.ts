import type { X509Certificate } from 'node:crypto';

/** Longer than any chain that an admin would build. */
const longestChain = 10;

/**
 * Whether a server's certificate leads to one that is trusted, through those that
 * the server sends along, with nothing on the way that has expired. What is
 * trusted need not be an authority: who trusts the very certificate trusts it.
 *
 * @param chain the server's own certificate first
 */
export function leadsTo(
  chain: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  now: Date,
): boolean {
  const [leaf, ...others] = chain;
  if (leaf === undefined) return false;
  let current = leaf;
  for (let length = 0; length < longestChain; length += 1) {
    if (current.validToDate <= now) return false;
    if (trusted.some((one) => isSame(one, current) || isIssuer(one, current, now))) return true;
    const issuer = others.find((one) => !isSame(one, current) && isIssuer(one, current, now));
    if (issuer === undefined) return false;
    current = issuer;
  }
  return false;
}

function isSame(one: X509Certificate, other: X509Certificate): boolean {
  return one.fingerprint256 === other.fingerprint256;
}

/** Names alone do not tell: two authorities may have the same one. */
function isIssuer(issuer: X509Certificate, certificate: X509Certificate, now: Date): boolean {
  return (
    issuer.validToDate > now &&
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey)
  );
}

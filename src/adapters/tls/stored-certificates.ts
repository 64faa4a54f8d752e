import type { X509Certificate } from 'node:crypto';
import type {
  AuthorityFacts,
  ServingFacts,
  StoredFacts,
  Validity,
} from '../../rules/certificates/certificate-plan.ts';
import { backdateMs } from './backdate.ts';
import { CertificateError } from './certificate-error.ts';
import {
  assertKeyOf,
  type CertificatePair,
  certificateFiles,
  parseCertificate,
  parseKey,
} from './certificate-pair.ts';
import type { KeyedCertificate } from './make-certificates.ts';
import { hostsOf, readCertificates } from './pem-certificates.ts';

/** Entries of the Secret that all replicas share. Three are named as in any TLS Secret. */
export const certificateEntries = {
  ...certificateFiles,
  /** Key of the authority that signs. */
  caKey: 'ca.key',
  /** Key of the authority that will sign next; only while there is one. */
  nextCaKey: 'next-ca.key',
} as const;

/** Entries by name, PEM. */
export type CertificateEntries = Readonly<Record<string, string>>;

/** Certificates as they are stored: to serve, to be trusted, to sign with. */
export interface StoredCertificates {
  readonly facts: StoredFacts;
  readonly serving: CertificatePair;
  /** PEM of every authority that is to be trusted. */
  readonly bundle: string;
  readonly signing: KeyedCertificate;
  readonly next: KeyedCertificate | undefined;
  /** PEM by id, of authorities that sign no more. */
  readonly former: ReadonlyMap<string, string>;
}

/** What is to be stored. */
export interface CertificateContent {
  readonly signing: KeyedCertificate;
  readonly next?: KeyedCertificate | undefined;
  /** PEM. */
  readonly former: readonly string[];
  readonly serving: KeyedCertificate;
}

/**
 * Reads the entries of the Secret.
 *
 * @param replacedUntilMs when the last of the certificates expires that were replaced
 * @throws CertificateError that names the entry and what is wrong with it
 */
export function readStoredCertificates(
  entries: CertificateEntries,
  replacedUntilMs: number | undefined,
): StoredCertificates {
  const { ca, caKey, nextCaKey, certificate, key } = certificateEntries;
  const missing = [ca, caKey, certificate, key].filter((name) => (entries[name] ?? '') === '');
  if (missing.length > 0) throw new CertificateError(`it has no ${missing.join(', no ')}`);
  const authorities = readAuthorities(entries[ca] ?? '');
  const signing = authorityOf(authorities, entries, caKey);
  const next = entries[nextCaKey] ? authorityOf(authorities, entries, nextCaKey) : undefined;
  const serving = readServing(entries, authorities);
  const former = authorities.filter(
    (one) => idOf(one) !== idOf(signing) && (next === undefined || idOf(one) !== idOf(next)),
  );
  return {
    facts: {
      signing: authorityFacts(signing),
      next: next === undefined ? undefined : authorityFacts(next),
      former: former.map(authorityFacts),
      serving: serving.facts,
      replacedUntilMs,
    },
    serving: serving.pair,
    bundle: bundleOf(authorities),
    signing: { certificate: signing.toString(), key: entries[caKey] ?? '' },
    next:
      next === undefined
        ? undefined
        : { certificate: next.toString(), key: entries[nextCaKey] ?? '' },
    former: new Map(former.map((one) => [idOf(one), one.toString()])),
  };
}

/** The entries that stand for certificates; undefined is one that has to go. */
export function certificateEntriesOf({
  signing,
  next,
  former,
  serving,
}: CertificateContent): Readonly<Record<string, string | undefined>> {
  const authorities = [
    signing.certificate,
    ...(next === undefined ? [] : [next.certificate]),
    ...former,
  ];
  return {
    [certificateEntries.ca]: bundleOf(authorities.flatMap(readCertificates)),
    [certificateEntries.caKey]: signing.key,
    [certificateEntries.nextCaKey]: next?.key,
    [certificateEntries.certificate]: serving.certificate,
    [certificateEntries.key]: serving.key,
  };
}

/** Tells certificates apart. */
export function idOf(certificate: X509Certificate): string {
  return certificate.fingerprint256;
}

/** Oldest first, so that an authority which begins to sign does not change the text. */
function bundleOf(authorities: readonly X509Certificate[]): string {
  return authorities
    .toSorted(
      (left, right) =>
        left.validFromDate.getTime() - right.validFromDate.getTime() ||
        left.fingerprint256.localeCompare(right.fingerprint256),
    )
    .map(String)
    .join('');
}

function readAuthorities(pem: string): X509Certificate[] {
  const authorities = readCertificates(pem);
  if (authorities.length === 0) {
    throw new CertificateError(`${certificateEntries.ca} is no PEM certificate`);
  }
  if (authorities.some((one) => !one.ca)) {
    throw new CertificateError(
      `${certificateEntries.ca} holds a certificate that is no certificate authority`,
    );
  }
  return authorities;
}

/** The authority that a key belongs to. */
function authorityOf(
  authorities: readonly X509Certificate[],
  entries: CertificateEntries,
  keyEntry: string,
): X509Certificate {
  const key = parseKey(entries[keyEntry] ?? '', keyEntry);
  const found = authorities.find((one) => one.checkPrivateKey(key));
  if (found === undefined) {
    throw new CertificateError(
      `${keyEntry} is not the key of a certificate in ${certificateEntries.ca}`,
    );
  }
  return found;
}

function readServing(
  entries: CertificateEntries,
  authorities: readonly X509Certificate[],
): { readonly facts: ServingFacts; readonly pair: CertificatePair } {
  const { ca, certificate: place, key: keyPlace } = certificateEntries;
  const certificate = entries[place] ?? '';
  const key = entries[keyPlace] ?? '';
  const parsed = parseCertificate(certificate, place);
  assertKeyOf(parsed, place, parseKey(key, keyPlace), keyPlace);
  const issuer = authorities.find((one) => parsed.checkIssued(one) && parsed.verify(one.publicKey));
  if (issuer === undefined) throw new CertificateError(`${place} is not signed by any of ${ca}`);
  return {
    facts: { ...validityOf(parsed), hosts: hostsOf(parsed), issuerId: idOf(issuer) },
    pair: { certificate, key, expiresAt: parsed.validToDate },
  };
}

function authorityFacts(authority: X509Certificate): AuthorityFacts {
  return { ...validityOf(authority), id: idOf(authority) };
}

function validityOf(certificate: X509Certificate): Validity {
  return {
    madeAtMs: certificate.validFromDate.getTime() + backdateMs,
    notAfterMs: certificate.validToDate.getTime(),
  };
}

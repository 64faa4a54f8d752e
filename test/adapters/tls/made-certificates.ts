import {
  type KeyedCertificate,
  makeAuthority,
  makeServingCertificate,
} from '../../../src/adapters/tls/make-certificates.ts';

const hourMs = 60 * 60 * 1000;

/** An authority for tests, good from now for an hour unless something else is said. */
export function authority(name = 'CA', nowMs = Date.now(), lifeMs = hourMs) {
  return makeAuthority(name, { madeAtMs: nowMs, notAfterMs: nowMs + lifeMs });
}

/** A serving certificate of it. */
export function serving(
  signer: KeyedCertificate,
  hosts: readonly string[] = ['localhost', '127.0.0.1'],
  nowMs = Date.now(),
  lifeMs = hourMs,
) {
  return makeServingCertificate(signer, 'serving', hosts, {
    madeAtMs: nowMs,
    notAfterMs: nowMs + lifeMs,
  });
}

import type { Staleness } from '../kubernetes/kubernetes-function-source.ts';
import type { CertificatePair } from './certificate-pair.ts';

/** Where the server's certificate comes from, and how it stays good. */
export interface CertificateSource {
  /**
   * Begins. Calls the listener with the certificate to serve from then on, each
   * time that it is another one; the first may come later than this resolves.
   *
   * @throws CertificateError when there can be none
   */
  start(serve: (pair: CertificatePair) => void): Promise<void>;
  /** What else is missing for a certificate that is served to be of use; empty when nothing is. */
  missing(served: CertificatePair): readonly string[];
  /** How long ago what is watched over a network was heard of. */
  staleness(): readonly Staleness[];
  /** Resolves when nothing of it is left. */
  stop(): Promise<void>;
}

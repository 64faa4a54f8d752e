import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateError } from './certificate-error.ts';

/** Names of the files, as cert-manager and Kubernetes TLS Secrets have them. */
export const certificateFiles = { ca: 'ca.crt', certificate: 'tls.crt', key: 'tls.key' } as const;

/** A serving certificate with its key, checked to belong together. */
export interface CertificatePair {
  /** PEM, the serving certificate first, then what it was signed by, if that is in the file. */
  readonly certificate: string;
  /** PEM. Never logged. */
  readonly key: string;
  readonly expiresAt: Date;
}

/**
 * Reads `tls.crt` and `tls.key` from a folder.
 *
 * @throws CertificateError when one is missing, unreadable or expired, or when they do not belong together
 */
export async function readCertificatePair(folder: string, now: Date): Promise<CertificatePair> {
  const certificatePath = join(folder, certificateFiles.certificate);
  const keyPath = join(folder, certificateFiles.key);
  const certificate = await readPem(certificatePath);
  const key = await readPem(keyPath);
  const parsed = parseCertificate(certificate, certificatePath);
  assertKeyOf(parsed, certificatePath, parseKey(key, keyPath), keyPath);
  const expiresAt = parsed.validToDate;
  if (expiresAt <= now) {
    throw new CertificateError(
      `${certificatePath} expired on ${expiresAt.toISOString()}; put a new certificate there, or, for local use, remove ${Object.values(certificateFiles).join(', ')} to have new ones made`,
    );
  }
  return { certificate, key, expiresAt };
}

/** @throws CertificateError that says where it stands */
export function parseCertificate(pem: string, place: string): X509Certificate {
  return attempt(() => new X509Certificate(pem), `${place} is no PEM certificate`);
}

/** @throws CertificateError that says where it stands */
export function parseKey(pem: string, place: string): KeyObject {
  return attempt(() => createPrivateKey(pem), `${place} is no PEM private key`);
}

/** @throws CertificateError that says where both stand */
export function assertKeyOf(
  certificate: X509Certificate,
  certificatePlace: string,
  key: KeyObject,
  keyPlace: string,
): void {
  if (!certificate.checkPrivateKey(key)) {
    throw new CertificateError(`${keyPlace} is not the key of ${certificatePlace}`);
  }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new CertificateError(
      `${path} cannot be read (${codeOf(error)}); set --cert-dir to the folder that has it`,
      {
        cause: error,
      },
    );
  }
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'unknown error';
}

/** The parser's own message is left out: it may quote the file, and one of these files is a key. */
function attempt<Result>(read: () => Result, message: string): Result {
  try {
    return read();
  } catch {
    throw new CertificateError(message);
  }
}

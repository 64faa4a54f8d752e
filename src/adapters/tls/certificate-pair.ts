import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

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

/** A certificate that cannot be used, in a sentence that names the file and the way out. */
export class CertificateError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CertificateError';
  }
}

/**
 * Reads `tls.crt` and `tls.key` from a folder.
 *
 * @throws CertificateError when one is missing, unreadable or expired, or when they do not belong together
 */
export async function readCertificatePair(folder: string, now: Date): Promise<CertificatePair> {
  const certificate = await readPem(join(folder, certificateFiles.certificate));
  const key = await readPem(join(folder, certificateFiles.key));
  const parsed = parse(folder, certificate, key);
  const expiresAt = parsed.validToDate;
  if (expiresAt <= now) {
    throw new CertificateError(
      `${join(folder, certificateFiles.certificate)} expired on ${expiresAt.toISOString()}; put a new certificate there, or remove ${Object.values(certificateFiles).join(', ')} and let --offline make new ones`,
    );
  }
  return { certificate, key, expiresAt };
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

function parse(folder: string, certificate: string, key: string): X509Certificate {
  const certificatePath = join(folder, certificateFiles.certificate);
  const keyPath = join(folder, certificateFiles.key);
  const parsed = attempt(
    () => new X509Certificate(certificate),
    `${certificatePath} is no PEM certificate`,
  );
  const privateKey = attempt(() => createPrivateKey(key), `${keyPath} is no PEM private key`);
  if (!parsed.checkPrivateKey(privateKey)) {
    throw new CertificateError(`${keyPath} is not the key of ${certificatePath}`);
  }
  return parsed;
}

/** The parser's own message is left out: it may quote the file, and one of these files is a key. */
function attempt<Result>(read: () => Result, message: string): Result {
  try {
    return read();
  } catch {
    throw new CertificateError(message);
  }
}

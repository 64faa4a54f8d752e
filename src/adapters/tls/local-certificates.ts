import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { CertificateError, certificateFiles } from './certificate-pair.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** For a local server; whoever wants new ones removes the files. */
const validityMs = 365 * dayMs;

/** Clocks differ a little between machines and containers. */
const backdateMs = 5 * 60 * 1000;

/** Only the owner reads the key. */
const keyMode = 0o600;

/** Managed API servers refuse Ed25519; P-256 is taken everywhere. */
const keyOptions = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/**
 * Makes a certificate authority and a serving certificate for localhost into a
 * folder, when none of the files is there. The authority's key is thrown away:
 * nothing else is ever signed with it.
 *
 * @returns whether files were made
 * @throws CertificateError when only some of the files are there, since the rest cannot be made to match
 */
export async function ensureLocalCertificates(folder: string, now: Date): Promise<boolean> {
  const names = Object.values(certificateFiles);
  const present: string[] = [];
  for (const name of names) {
    if (await exists(join(folder, name))) present.push(name);
  }
  if (present.length === names.length) return false;
  if (present.length > 0) {
    const missing = names.filter((name) => !present.includes(name));
    throw new CertificateError(
      `${folder} has ${present.join(', ')} but not ${missing.join(', ')}; add what is missing, or remove what is there to have all three made`,
    );
  }
  const made = await makeCertificates(now);
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, certificateFiles.key), made.key, keyMode);
  await writeWhole(join(folder, certificateFiles.certificate), made.certificate, 0o644);
  await writeWhole(join(folder, certificateFiles.ca), made.ca, 0o644);
  return true;
}

async function makeCertificates(
  now: Date,
): Promise<{ ca: string; certificate: string; key: string }> {
  const validity = {
    notBeforeDate: new Date(now.getTime() - backdateMs),
    notAfterDate: new Date(now.getTime() + validityMs),
  };
  const ca = await generate([{ name: 'commonName', value: 'openfunction-dapr-webhook local CA' }], {
    ...keyOptions,
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const serving = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...keyOptions,
    ...validity,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { ca: ca.cert, certificate: serving.cert, key: serving.private };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

/** Under another name first: whoever finds the file finds all of it. */
async function writeWhole(path: string, content: string, mode: number): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  await writeFile(partial, content, { mode, flag: 'wx' });
  await rename(partial, path);
}

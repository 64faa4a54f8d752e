import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateError } from './certificate-error.ts';
import { certificateFiles } from './certificate-pair.ts';
import { makeAuthority, makeServingCertificate } from './make-certificates.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** For a local server; whoever wants new ones removes the files. */
const validityMs = 365 * dayMs;

/** A local server is called by these. */
export const localHosts = ['localhost', '127.0.0.1', '::1'];

/** Only the owner reads the key. */
const keyMode = 0o600;

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
  const validity = { madeAtMs: now.getTime(), notAfterMs: now.getTime() + validityMs };
  const ca = await makeAuthority('openfunction-dapr-webhook local CA', validity);
  const serving = await makeServingCertificate(ca, 'localhost', localHosts, validity);
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, certificateFiles.key), serving.key, keyMode);
  await writeWhole(join(folder, certificateFiles.certificate), serving.certificate, 0o644);
  await writeWhole(join(folder, certificateFiles.ca), ca.certificate, 0o644);
  return true;
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

import { resolve } from 'node:path';
import { readCertificatePair } from '../adapters/tls/certificate-pair.ts';
import { ensureLocalCertificates, localHosts } from '../adapters/tls/local-certificates.ts';
import { localFolder } from '../settings/certificate-options.ts';
import * as options from '../settings/options.ts';
import { defineCommand, ExitCode } from './command.ts';
import { explainStartFailure } from './process-lifetime.ts';

export const certsCommand = defineCommand({
  name: 'certs',
  description:
    'Makes a certificate authority and a serving certificate for local use, when there are none; webhook --offline does so by itself. A cluster needs neither: there the webhook makes its own.',
  examples: ['npm start -- certs', 'npm start -- certs --cert-dir ~/webhook-certs'],
  options: { certDir: options.certDir },
  async run({ certDir = localFolder }, io) {
    const folder = resolve(certDir);
    const now = new Date();
    try {
      const isNew = await ensureLocalCertificates(folder, now);
      const { expiresAt } = await readCertificatePair(folder, now);
      const what = isNew
        ? `made ca.crt, tls.crt and tls.key in ${folder}, for ${localHosts.join(', ')}`
        : `${folder} has ca.crt, tls.crt and tls.key already`;
      io.stdout.write(`${what}; they are good until ${expiresAt.toISOString()}\n`);
      return ExitCode.ok;
    } catch (error) {
      io.stderr.write(`certs: ${explainStartFailure(error)}\n`);
      return ExitCode.failed;
    }
  },
});

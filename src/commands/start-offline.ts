import { join } from 'node:path';
import type { Logger } from '../adapters/log.ts';
import { certificateFiles } from '../adapters/tls/certificate-pair.ts';
import { openCertificateFiles } from '../processes/open-certificates.ts';
import { openFiles } from '../processes/open-source.ts';
import type { HealthSettings } from '../processes/process-part.ts';
import { type AdmissionSettings, type RunningWebhook, startWebhook } from '../processes/webhook.ts';
import { startOrExplain } from './process-lifetime.ts';
import { sampleReview } from './sample-review.ts';

export interface OfflineWebhook extends RunningWebhook {
  /** What somebody at a terminal wants to know. */
  readonly banner: string;
}

/**
 * Starts a webhook that knows Functions from files, with certificates of its own.
 *
 * @param folder of the certificates, absolute; they are made when they are not there
 * @returns undefined when it could not be started; why is in the log
 */
export function startOffline(
  settings: AdmissionSettings & HealthSettings & { readonly filename: readonly string[] },
  folder: string,
  log: Logger,
): Promise<OfflineWebhook | undefined> {
  return startOrExplain(settings, log, async () => {
    await ensureCertificates(folder, log);
    const result = await openFiles(settings.filename, log);
    if ('problems' in result) return result;
    const certificates = openCertificateFiles({ kind: 'files', folder }, log);
    const running = await startWebhook(settings, result.opened, certificates, log);
    return { ...running, banner: bannerOf(running, folder, result.functionCount) };
  });
}

/** Made on demand, because making them loads a library that serving does not need. */
async function ensureCertificates(folder: string, log: Logger): Promise<void> {
  const { ensureLocalCertificates } = await import('../adapters/tls/local-certificates.ts');
  const isNew = await ensureLocalCertificates(folder, new Date());
  if (isNew) log.info({ folder }, 'made a certificate authority and a serving certificate');
}

function bannerOf(running: RunningWebhook, folder: string, functionCount: number): string {
  const ca = join(folder, certificateFiles.ca);
  const review = JSON.stringify(sampleReview);
  return [
    '',
    `Admission  https://localhost:${running.port}  (/mutate/functions, /validate/functions, /mutate/pods)`,
    `Health     http://localhost:${running.healthPort}  (/healthz, /readyz, /metrics)`,
    `CA         ${ca}`,
    `Functions  ${functionCount} known`,
    '',
    'Try it:',
    `curl --cacert ${shellQuote(ca)} -H 'Content-Type: application/json' -d ${shellQuote(review)} https://localhost:${running.port}/mutate/functions`,
    '',
    '',
  ].join('\n');
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

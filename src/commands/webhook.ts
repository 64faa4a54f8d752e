import { join, resolve } from 'node:path';
import { createLogger, type Logger } from '../adapters/log.ts';
import { certificateFiles } from '../adapters/tls/certificate-pair.ts';
import type { CertificateSource } from '../adapters/tls/certificate-source.ts';
import { openCertificateFiles, openCertificates } from '../processes/open-certificates.ts';
import { type OpenedSource, openFiles } from '../processes/open-source.ts';
import { type RunningWebhook, startWebhook } from '../processes/webhook.ts';
import {
  type CertificateSettings,
  certificateSettingsOf,
} from '../settings/certificate-options.ts';
import type { SettingsOf } from '../settings/option.ts';
import * as options from '../settings/options.ts';
import { admissionOptions, processOptions } from '../settings/process-options.ts';
import { defineCommand, ExitCode } from './command.ts';
import { explainStartFailure, serveUntilStopped } from './process-lifetime.ts';
import { sampleReview } from './sample-review.ts';

const webhookOptions = {
  offline: options.offline,
  filename: options.filename,
  ...admissionOptions,
  ...processOptions,
};

type WebhookSettings = SettingsOf<typeof webhookOptions>;

export const webhookCommand = defineCommand({
  name: 'webhook',
  description:
    'Serves POST /mutate/functions, /validate/functions and /mutate/pods over HTTPS, and /healthz, /readyz and /metrics over plain HTTP on a port of its own.',
  examples: [
    'npm start -- webhook --offline -f manifests/samples',
    'npm start -- webhook --kubeconfig ~/.kube/config --service-namespace openfunction-dapr-webhook',
    'npm start -- webhook --kubeconfig ~/.kube/config --cert-dir /etc/webhook/certs',
  ],
  options: webhookOptions,
  async run(settings, io) {
    if (!settings.offline && settings.filename.length > 0) {
      io.stderr.write(
        'webhook: -f goes with --offline; without it Functions come from the cluster\n',
      );
      return ExitCode.usage;
    }
    const certificates = certificateSettingsOf(settings, settings.offline);
    if ('problem' in certificates) {
      io.stderr.write(`webhook: ${certificates.problem}\n`);
      return ExitCode.usage;
    }
    const log = createLogger(settings.logLevel);
    log.info({ settings }, 'starting');
    const running = await start(settings, certificates.settings, log);
    if (running === undefined) return ExitCode.failed;
    const { port, healthPort } = running;
    return serveUntilStopped(
      { port, healthPort },
      running,
      settings.shutdownTimeout,
      io,
      log,
      () => {
        if (running.folder !== undefined) io.stdout.write(banner(running.folder, running));
      },
    );
  },
});

interface StartedWebhook extends RunningWebhook {
  readonly functionCount: number;
  /** Of the certificates that were made here; undefined where API servers are the clients. */
  readonly folder: string | undefined;
}

async function start(
  settings: WebhookSettings,
  certificates: CertificateSettings,
  log: Logger,
): Promise<StartedWebhook | undefined> {
  try {
    const isLocal = settings.offline && certificates.kind === 'files';
    const result = isLocal
      ? await openOffline(settings, certificates, log)
      : await openOnline(settings, certificates, log);
    if ('problems' in result) {
      for (const problem of result.problems) log.error({ problem }, 'cannot start');
      return undefined;
    }
    const { opened, functionCount } = result;
    const running = await startWebhook(settings, opened, result.certificates, log);
    return {
      ...running,
      functionCount,
      folder: isLocal ? resolve(certificates.folder) : undefined,
    };
  } catch (error) {
    log.error({ problem: explainStartFailure(error) }, 'cannot start');
    return undefined;
  }
}

/** Functions, and certificates, from where the settings say. */
type OpenResult =
  | {
      readonly opened: OpenedSource;
      readonly functionCount: number;
      readonly certificates: CertificateSource;
    }
  | { readonly problems: readonly string[] };

async function openOffline(
  settings: WebhookSettings,
  certificates: Extract<CertificateSettings, { kind: 'files' }>,
  log: Logger,
): Promise<OpenResult> {
  await ensureCertificates(resolve(certificates.folder), log);
  const result = await openFiles(settings.filename, log);
  if ('problems' in result) return result;
  return { ...result, certificates: openCertificateFiles(certificates, log) };
}

/** Made on demand, because making them loads a library that serving does not need. */
async function ensureCertificates(folder: string, log: Logger): Promise<void> {
  const { ensureLocalCertificates } = await import('../adapters/tls/local-certificates.ts');
  const isNew = await ensureLocalCertificates(folder, new Date());
  if (isNew) log.info({ folder }, 'made a certificate authority and a serving certificate');
}

async function openOnline(
  settings: WebhookSettings,
  certificates: CertificateSettings,
  log: Logger,
): Promise<OpenResult> {
  const { openCluster } = await import('../processes/open-cluster.ts');
  const result = await openCluster(settings, log);
  if ('problems' in result) return result;
  return { ...result, certificates: openCertificates(certificates, result.opened, log) };
}

/** What somebody at a terminal wants to know. Only offline: in a cluster the log is all there is. */
function banner(folder: string, running: StartedWebhook): string {
  const ca = join(folder, certificateFiles.ca);
  const review = JSON.stringify(sampleReview);
  return [
    '',
    `Admission  https://localhost:${running.port}  (/mutate/functions, /validate/functions, /mutate/pods)`,
    `Health     http://localhost:${running.healthPort}  (/healthz, /readyz, /metrics)`,
    `CA         ${ca}`,
    `Functions  ${running.functionCount} known`,
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

import { resolve } from 'node:path';
import { createLogger, type Logger } from '../adapters/log.ts';
import { certificateFiles } from '../adapters/tls/certificate-pair.ts';
import { type OpenResult, openFiles } from '../processes/open-source.ts';
import { type RunningWebhook, startWebhook } from '../processes/webhook.ts';
import type { SettingsOf } from '../settings/option.ts';
import * as options from '../settings/options.ts';
import { proxyOptions } from '../settings/proxy-options.ts';
import { defineCommand, ExitCode } from './command.ts';
import { explainStartFailure, serveUntilStopped } from './process-lifetime.ts';
import { sampleReview } from './sample-review.ts';

const webhookOptions = {
  port: options.port,
  healthPort: options.healthPort,
  listenAddress: options.listenAddress,
  certDir: options.certDir,
  offline: options.offline,
  filename: options.filename,
  kubeconfig: options.kubeconfig,
  settingsFile: options.settingsFile,
  // Admission makes no proxy; it takes them all so that one set of settings serves every process.
  ...proxyOptions,
  excludedNamespaces: options.excludedNamespaces,
  shutdownTimeout: options.shutdownTimeout,
  logLevel: options.logLevel,
};

type WebhookSettings = SettingsOf<typeof webhookOptions>;

export const webhookCommand = defineCommand({
  name: 'webhook',
  description:
    'Serves POST /mutate/functions, /validate/functions and /mutate/pods over HTTPS, and /healthz, /readyz and /metrics over plain HTTP on a port of its own.',
  examples: [
    'npm start -- webhook --offline -f manifests/samples',
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
    const log = createLogger(settings.logLevel);
    log.info({ settings }, 'starting');
    const running = await start(settings, log);
    if (running === undefined) return ExitCode.failed;
    const { port, healthPort } = running;
    return serveUntilStopped(
      { port, healthPort },
      running,
      settings.shutdownTimeout,
      io,
      log,
      () => {
        if (settings.offline) io.stdout.write(banner(settings, running));
      },
    );
  },
});

async function start(
  settings: WebhookSettings,
  log: Logger,
): Promise<(RunningWebhook & { readonly functionCount: number }) | undefined> {
  try {
    if (settings.offline) await ensureCertificates(settings, log);
    const result = await open(settings, log);
    if ('problems' in result) {
      for (const problem of result.problems) log.error({ problem }, 'cannot start');
      return undefined;
    }
    const running = await startWebhook(settings, result.opened, log);
    return { ...running, functionCount: result.functionCount };
  } catch (error) {
    log.error({ problem: explainStartFailure(error) }, 'cannot start');
    return undefined;
  }
}

/** Made on demand, because making them loads a library that serving does not need. */
async function ensureCertificates(settings: WebhookSettings, log: Logger): Promise<void> {
  const { ensureLocalCertificates } = await import('../adapters/tls/local-certificates.ts');
  const folder = resolve(settings.certDir);
  const isNew = await ensureLocalCertificates(folder, new Date());
  if (isNew) log.info({ folder }, 'made a certificate authority and a serving certificate');
}

async function open(settings: WebhookSettings, log: Logger): Promise<OpenResult> {
  if (settings.offline) return openFiles(settings.filename, log);
  const { openCluster } = await import('../processes/open-cluster.ts');
  return openCluster(settings.kubeconfig, log);
}

/** What somebody at a terminal wants to know. Only offline: in a cluster the log is all there is. */
function banner(
  settings: WebhookSettings,
  running: RunningWebhook & { readonly functionCount: number },
): string {
  const ca = resolve(settings.certDir, certificateFiles.ca);
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

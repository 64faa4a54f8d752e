import { resolve } from 'node:path';
import { createLogger, type Logger } from '../adapters/log.ts';
import type { RunningWebhook } from '../processes/webhook.ts';
import {
  type CertificateSettings,
  certificateSettingsOf,
} from '../settings/certificate-options.ts';
import type { SettingsOf } from '../settings/option.ts';
import * as options from '../settings/options.ts';
import { admissionOptions, processOptions } from '../settings/process-options.ts';
import { defineCommand, ExitCode } from './command.ts';
import { serveUntilStopped } from './process-lifetime.ts';

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
    const { port, healthPort, banner } = running;
    const ports = { port, healthPort };
    return serveUntilStopped(ports, running, settings, io, log, () => {
      if (banner !== undefined) io.stdout.write(banner);
    });
  },
});

/** Each way loads only what it needs. In a cluster the log is all there is to read. */
async function start(
  settings: WebhookSettings,
  certificates: CertificateSettings,
  log: Logger,
): Promise<(RunningWebhook & { readonly banner?: string }) | undefined> {
  if (settings.offline && certificates.kind === 'files') {
    const { startOffline } = await import('./start-offline.ts');
    return startOffline(settings, resolve(certificates.folder), log);
  }
  const { admissionStarter, startInCluster } = await import('./start-in-cluster.ts');
  const running = await startInCluster(settings, log, (opened) => [
    admissionStarter(settings, certificates, opened, log),
  ]);
  return running === undefined ? undefined : { ...running, port: running.parts[0].port };
}

import { createLogger } from '../adapters/log.ts';
import { startController } from '../processes/controller.ts';
import { certificateSettingsOf } from '../settings/certificate-options.ts';
import { controllerOptions } from '../settings/controller-options.ts';
import { admissionOptions, processOptions } from '../settings/process-options.ts';
import { proxySettingsOf } from '../settings/proxy-options.ts';
import { defineCommand, ExitCode } from './command.ts';
import { serveUntilStopped } from './process-lifetime.ts';
import { admissionStarter, startInCluster } from './start-in-cluster.ts';

export const serveCommand = defineCommand({
  name: 'serve',
  description:
    'Webhook and controller in one process, as a cluster runs them: every replica admits, and the one that holds the Lease keeps the proxies.',
  examples: [
    'npm start -- serve --kubeconfig ~/.kube/config --service-namespace openfunction-dapr-webhook',
    'npm start -- serve --kubeconfig ~/.kube/config --cert-dir /etc/webhook/certs',
  ],
  options: { ...admissionOptions, ...processOptions, ...controllerOptions },
  async run(settings, io) {
    const certificates = certificateSettingsOf(settings, false);
    if ('problem' in certificates) {
      io.stderr.write(`serve: ${certificates.problem}\n`);
      return ExitCode.usage;
    }
    const log = createLogger(settings.logLevel);
    log.info({ settings }, 'starting');
    const running = await startInCluster(settings, log, (opened) => [
      // First, so that nothing is written by a process that then cannot listen.
      admissionStarter(settings, certificates.settings, opened, log),
      (metrics) =>
        startController({ ...settings, proxy: proxySettingsOf(settings) }, opened, metrics, log),
    ]);
    if (running === undefined) return ExitCode.failed;
    const { healthPort, parts } = running;
    const ports = { port: parts[0].port, healthPort };
    return serveUntilStopped(ports, running, settings, io, log);
  },
});

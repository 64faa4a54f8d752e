import { createLogger, type Logger } from '../adapters/log.ts';
import { startController } from '../processes/controller.ts';
import { openCluster } from '../processes/open-cluster.ts';
import { startParts } from '../processes/process-part.ts';
import { startAdmission } from '../processes/webhook.ts';
import { controllerOptions } from '../settings/controller-options.ts';
import type { SettingsOf } from '../settings/option.ts';
import * as options from '../settings/options.ts';
import { proxyOptions, proxySettingsOf } from '../settings/proxy-options.ts';
import { defineCommand, ExitCode } from './command.ts';
import { explainStartFailure, serveUntilStopped } from './process-lifetime.ts';

const table = {
  port: options.port,
  healthPort: options.healthPort,
  listenAddress: options.listenAddress,
  certDir: options.certDir,
  kubeconfig: options.kubeconfig,
  settingsFile: options.settingsFile,
  ...proxyOptions,
  ...controllerOptions,
  excludedNamespaces: options.excludedNamespaces,
  shutdownTimeout: options.shutdownTimeout,
  logLevel: options.logLevel,
};

export const serveCommand = defineCommand({
  name: 'serve',
  description:
    'Webhook and controller in one process, as a cluster runs them: every replica admits, and the one that holds the Lease keeps the proxies.',
  examples: ['npm start -- serve --kubeconfig ~/.kube/config --cert-dir /etc/webhook/certs'],
  options: table,
  async run(settings, io) {
    const log = createLogger(settings.logLevel);
    log.info({ settings }, 'starting');
    const running = await start(settings, log);
    if (running === undefined) return ExitCode.failed;
    const { healthPort, parts } = running;
    const ports = { port: parts[0].port, healthPort };
    return serveUntilStopped(ports, running, settings.shutdownTimeout, io, log);
  },
});

async function start(settings: SettingsOf<typeof table>, log: Logger) {
  const result = openCluster(settings.kubeconfig, log);
  if ('problems' in result) {
    for (const problem of result.problems) log.error({ problem }, 'cannot start');
    return undefined;
  }
  const { opened } = result;
  try {
    return await startParts(settings, opened, [
      // First, so that nothing is written by a process that then cannot listen.
      (metrics) => startAdmission(settings, opened, metrics, log),
      (metrics) =>
        startController({ ...settings, proxy: proxySettingsOf(settings) }, opened, metrics, log),
    ]);
  } catch (error) {
    log.error({ problem: explainStartFailure(error, settings) }, 'cannot start');
    return undefined;
  }
}

import { createLogger, type Logger } from '../adapters/log.ts';
import { startController } from '../processes/controller.ts';
import { openCluster } from '../processes/open-cluster.ts';
import { startParts } from '../processes/process-part.ts';
import { controllerOptions } from '../settings/controller-options.ts';
import type { SettingsOf } from '../settings/option.ts';
import * as options from '../settings/options.ts';
import { proxyOptions, proxySettingsOf } from '../settings/proxy-options.ts';
import { defineCommand, ExitCode } from './command.ts';
import { explainStartFailure, serveUntilStopped } from './process-lifetime.ts';

const table = {
  healthPort: options.healthPort,
  listenAddress: options.listenAddress,
  kubeconfig: options.kubeconfig,
  settingsFile: options.settingsFile,
  ...proxyOptions,
  ...controllerOptions,
  excludedNamespaces: options.excludedNamespaces,
  shutdownTimeout: options.shutdownTimeout,
  logLevel: options.logLevel,
};

export const controllerCommand = defineCommand({
  name: 'controller',
  description:
    'Keeps the Dapr proxy of every Function in standalone mode, and what belongs to it. Of several processes the one that holds the Lease works, the others stand by. /healthz, /readyz and /metrics are served over plain HTTP.',
  examples: ['npm start -- controller --kubeconfig ~/.kube/config'],
  options: table,
  async run(settings, io) {
    const log = createLogger(settings.logLevel);
    log.info({ settings }, 'starting');
    const running = await start(settings, log);
    if (running === undefined) return ExitCode.failed;
    const { healthPort } = running;
    return serveUntilStopped({ healthPort }, running, settings.shutdownTimeout, io, log);
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
      (metrics) =>
        startController({ ...settings, proxy: proxySettingsOf(settings) }, opened, metrics, log),
    ]);
  } catch (error) {
    log.error({ problem: explainStartFailure(error, settings) }, 'cannot start');
    return undefined;
  }
}

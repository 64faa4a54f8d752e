import { createLogger } from '../adapters/log.ts';
import { startController } from '../processes/controller.ts';
import { controllerOptions } from '../settings/controller-options.ts';
import { processOptions } from '../settings/process-options.ts';
import { proxySettingsOf } from '../settings/proxy-options.ts';
import { defineCommand, ExitCode } from './command.ts';
import { serveUntilStopped } from './process-lifetime.ts';
import { startInCluster } from './start-in-cluster.ts';

export const controllerCommand = defineCommand({
  name: 'controller',
  description:
    'Keeps the Dapr proxy of every Function in standalone mode, and what belongs to it. Of several processes the one that holds the Lease works, the others stand by. /healthz, /readyz and /metrics are served over plain HTTP.',
  examples: ['npm start -- controller --kubeconfig ~/.kube/config'],
  options: { ...processOptions, ...controllerOptions },
  async run(settings, io) {
    const log = createLogger(settings.logLevel);
    log.info({ settings }, 'starting');
    const running = await startInCluster(settings, log, (opened) => [
      (metrics) =>
        startController({ ...settings, proxy: proxySettingsOf(settings) }, opened, metrics, log),
    ]);
    if (running === undefined) return ExitCode.failed;
    const { healthPort } = running;
    return serveUntilStopped({ healthPort }, running, settings, io, log);
  },
});

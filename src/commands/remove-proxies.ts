import { KubernetesConnection } from '../adapters/kubernetes/kubernetes-connection.ts';
import { openApiAccess } from '../adapters/kubernetes/open-api-access.ts';
import { removeKeptObjects } from '../adapters/kubernetes/remove-kept-objects.ts';
import { createLogger } from '../adapters/log.ts';
import * as options from '../settings/options.ts';
import { defineCommand, ExitCode } from './command.ts';

export const removeProxiesCommand = defineCommand({
  name: 'remove-proxies',
  description:
    'Deletes everything that the controller made for Functions, in every namespace: proxies, their Services, NetworkPolicies and Secrets, and Dapr Components. It is for the end of an uninstall: a controller that works makes all of it anew.',
  examples: ['npm start -- remove-proxies --kubeconfig ~/.kube/config'],
  options: {
    kubeconfig: options.kubeconfig,
    serviceAccountDir: options.serviceAccountDir,
    logLevel: options.logLevel,
  },
  async run({ kubeconfig, serviceAccountDir, logLevel }, io) {
    const log = createLogger(logLevel);
    let connection: KubernetesConnection;
    try {
      connection = new KubernetesConnection(
        (await openApiAccess(kubeconfig, serviceAccountDir)).load,
      );
    } catch (error) {
      log.error({ problem: `no way to the cluster: ${(error as Error).message}` }, 'cannot start');
      return ExitCode.failed;
    }
    const stop = new AbortController();
    io.stopRequested().then((signal) => stop.abort(new Error(`stopped by ${signal}`)));
    let removed = 0;
    try {
      const problems = await removeKeptObjects({
        connection,
        signal: stop.signal,
        onRemoved: ({ kind, namespace, name }) => {
          removed += 1;
          log.info({ kind, namespace, name }, 'removed');
        },
      });
      for (const problem of problems) log.error({ problem }, 'not everything is removed');
      log.info({ removed }, 'done');
      return problems.length === 0 ? ExitCode.ok : ExitCode.failed;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      log.warn({ removed }, (error as Error).message);
      return ExitCode.failed;
    } finally {
      connection.close();
    }
  },
});

import { KubernetesConnection } from '../adapters/kubernetes/kubernetes-connection.ts';
import { KubernetesFunctionSource } from '../adapters/kubernetes/kubernetes-function-source.ts';
import { loadKubeConfig } from '../adapters/kubernetes/load-kube-config.ts';
import type { Logger } from '../adapters/log.ts';
import type { OpenResult } from './open-source.ts';

/**
 * Functions from a cluster, followed by watches. Does not wait for the API
 * server: what is still unknown keeps the process from being ready.
 *
 * @param kubeconfig path of a kubeconfig; undefined for what kubectl would use, or the pod's own account
 */
export function openCluster(kubeconfig: string | undefined, log: Logger): OpenResult {
  const problem = kubeconfigProblem(kubeconfig);
  if (problem !== undefined) return { problems: [problem] };
  const connection = new KubernetesConnection(() => loadKubeConfig(kubeconfig));
  const source = new KubernetesFunctionSource({
    connection,
    onError: (error) => log.warn({ kind: error.kind }, error.message),
    onVersion: (resource, version) =>
      log.info({ resource, version: version ?? 'not installed' }, 'watching'),
  });
  source.start();
  return {
    opened: {
      source,
      missing: () => source.missing(),
      staleness: () => source.staleness(),
      stop: async () => {
        await source.stop();
        connection.close();
      },
    },
    functionCount: 0,
  };
}

/** A wrong path is told at the start, and not by a server that never gets ready. */
function kubeconfigProblem(kubeconfig: string | undefined): string | undefined {
  try {
    loadKubeConfig(kubeconfig);
    return undefined;
  } catch (error) {
    const reason = (error as Error).message.replace(/\.$/, '');
    return `no way to the cluster: ${reason} (--kubeconfig names a kubeconfig; --offline works without a cluster)`;
  }
}

import { KubernetesConnection } from '../adapters/kubernetes/kubernetes-connection.ts';
import { KubernetesFunctionSource } from '../adapters/kubernetes/kubernetes-function-source.ts';
import { contextNamespace, loadKubeConfig } from '../adapters/kubernetes/load-kube-config.ts';
import type { Logger } from '../adapters/log.ts';
import type { OpenedSource } from './open-source.ts';

/** A cluster, followed. */
export interface OpenedCluster extends OpenedSource {
  readonly source: KubernetesFunctionSource;
  /** For watches, the Lease, and what admission asks: nothing there has to wait for a burst of writes. */
  readonly connection: KubernetesConnection;
  /** For the controller's requests, with sockets of its own. */
  readonly controllerConnection: KubernetesConnection;
  /** Where this process is at home: its pod's namespace, or that of the kubeconfig's context. */
  readonly namespace: string | undefined;
}

export type OpenClusterResult =
  | { readonly opened: OpenedCluster; readonly functionCount: number }
  | { readonly problems: readonly string[] };

/**
 * Functions from a cluster, followed by watches. Does not wait for the API
 * server: what is still unknown keeps the process from being ready.
 *
 * @param kubeconfig path of a kubeconfig; undefined for what kubectl would use, or the pod's own account
 */
export function openCluster(kubeconfig: string | undefined, log: Logger): OpenClusterResult {
  let namespace: string | undefined;
  let connection: KubernetesConnection;
  let controllerConnection: KubernetesConnection;
  try {
    // A wrong path is told at the start, and not by a server that never gets ready.
    namespace = contextNamespace(loadKubeConfig(kubeconfig));
    connection = new KubernetesConnection(() => loadKubeConfig(kubeconfig));
    controllerConnection = new KubernetesConnection(() => loadKubeConfig(kubeconfig));
  } catch (error) {
    return { problems: [explainKubeConfigFailure(error)] };
  }
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
      connection,
      controllerConnection,
      namespace,
      missing: () => source.missing(),
      staleness: () => source.staleness(),
      stop: async () => {
        await source.stop();
        connection.close();
        controllerConnection.close();
      },
    },
    functionCount: 0,
  };
}

function explainKubeConfigFailure(error: unknown): string {
  const reason = (error as Error).message.replace(/\.$/, '');
  return `no way to the cluster: ${reason} (--kubeconfig names a kubeconfig; webhook --offline works without a cluster)`;
}

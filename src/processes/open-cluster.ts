import type { OpenedAccess } from '../adapters/kubernetes/api-access.ts';
import { KubernetesConnection } from '../adapters/kubernetes/kubernetes-connection.ts';
import { KubernetesFunctionSource } from '../adapters/kubernetes/kubernetes-function-source.ts';
import { openApiAccess } from '../adapters/kubernetes/open-api-access.ts';
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

/** How a process gets to its cluster. */
export interface AccessSettings {
  /** Path of a kubeconfig; undefined for what kubectl would use, or the pod's own account. */
  readonly kubeconfig?: string | undefined;
  /** Where the pod's own account is. */
  readonly serviceAccountDir: string;
}

export type OpenClusterResult =
  | { readonly opened: OpenedCluster }
  | { readonly problems: readonly string[] };

/**
 * Functions from a cluster, followed by watches. Does not wait for the API
 * server: what is still unknown keeps the process from being ready.
 */
export async function openCluster(
  { kubeconfig, serviceAccountDir }: AccessSettings,
  log: Logger,
): Promise<OpenClusterResult> {
  let access: OpenedAccess;
  let connection: KubernetesConnection;
  let controllerConnection: KubernetesConnection;
  try {
    access = await openApiAccess(kubeconfig, serviceAccountDir);
    connection = new KubernetesConnection(access.load);
    controllerConnection = new KubernetesConnection(access.load);
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
      namespace: access.namespace,
      missing: () => source.missing(),
      staleness: () => source.staleness(),
      stop: async () => {
        await source.stop();
        connection.close();
        controllerConnection.close();
      },
    },
  };
}

function explainKubeConfigFailure(error: unknown): string {
  const reason = (error as Error).message.replace(/\.$/, '');
  return `no way to the cluster: ${reason} (--kubeconfig names a kubeconfig; in a pod its ServiceAccount is enough; webhook --offline works without a cluster)`;
}

import { KubeConfig } from '@kubernetes/client-node';
import { asText } from '../../api/json.ts';

/** What client-node falls back to when it has found nothing; nothing of ours listens there. */
const clientFallback = 'http://localhost:8080';

/**
 * Where the API server is and who we are: from the given kubeconfig file, else
 * from `KUBECONFIG` or `~/.kube/config`, else from the service account of the pod.
 *
 * @throws when there is none, or it cannot be read
 */
export function loadKubeConfig(path?: string): KubeConfig {
  const config = new KubeConfig();
  // KUBECONFIG may list several files; only loading by default understands that.
  if (path === undefined || path === process.env['KUBECONFIG']) config.loadFromDefault();
  else config.loadFromFile(path);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(`The kubeconfig has no cluster for its context "${config.currentContext}".`);
  }
  if (path === undefined && cluster.server === clientFallback) {
    throw new Error('No kubeconfig was found, and this is not a pod with a service account.');
  }
  return config;
}

/** The namespace that a kubeconfig's context names; that of the pod for a service account. */
export function contextNamespace(config: KubeConfig): string | undefined {
  // An empty one is none, and a file may end in a line break.
  return asText(config.getContextObject(config.currentContext)?.namespace?.trim());
}

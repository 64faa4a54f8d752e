import type { RequestOptions } from 'node:https';

/** Where an API server is, and who asks it. client-node's `KubeConfig` is one. */
export interface ApiAccess {
  getCurrentCluster(): { readonly server: string; readonly proxyUrl?: string | undefined } | null;
  /** Adds certificates and credentials to a request. */
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}

/** A way to an API server that is known to be there. */
export interface OpenedAccess {
  /** Reads it anew. @throws when it can no longer be read */
  readonly load: () => ApiAccess;
  /** The namespace of the pod, or of the kubeconfig's context. */
  readonly namespace: string | undefined;
}

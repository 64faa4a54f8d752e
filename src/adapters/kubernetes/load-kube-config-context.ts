import { KubeConfig } from '@kubernetes/client-node';
import { loadKubeConfig } from './load-kube-config.ts';

/**
 * A kubeconfig as `loadKubeConfig` finds it, with another of its contexts than the
 * one that is current in it.
 *
 * @param context name of the context; the current one when absent
 * @throws when there is none of that name, or `loadKubeConfig` would
 */
export function loadKubeConfigContext(path?: string, context?: string): KubeConfig {
  if (context === undefined) return loadKubeConfig(path);
  const config = new KubeConfig();
  // KUBECONFIG may list several files; only loading by default understands that.
  if (path === undefined || path === process.env['KUBECONFIG']) config.loadFromDefault();
  else config.loadFromFile(path);
  if (config.getContextObject(context) === null) {
    const names = config.getContexts().map(({ name }) => name);
    throw new Error(`The kubeconfig has no context "${context}", but ${names.join(', ')}.`);
  }
  config.setCurrentContext(context);
  if (config.getCurrentCluster() === null) {
    throw new Error(`The kubeconfig has no cluster for its context "${context}".`);
  }
  return config;
}

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { asText } from '../../api/json.ts';
import type { OpenedAccess } from './api-access.ts';
import { hasServiceAccount, ServiceAccount, serviceAccountNamespace } from './service-account.ts';

/**
 * The way to the API server: a kubeconfig as kubectl would find it, else the pod's own account.
 *
 * @param kubeconfig path of a kubeconfig; undefined for what kubectl would use
 * @throws when there is none, or it cannot be read
 */
export async function openApiAccess(
  kubeconfig: string | undefined,
  serviceAccountFolder: string,
): Promise<OpenedAccess> {
  if (kubeconfig === undefined && !hasKubeconfig() && hasServiceAccount(serviceAccountFolder)) {
    const load = () => new ServiceAccount(serviceAccountFolder, process.env);
    // What is missing is told at the start, and not by a server that never gets ready.
    load();
    return { load, namespace: serviceAccountNamespace(serviceAccountFolder) };
  }
  // On demand: see ServiceAccount.
  const { contextNamespace, loadKubeConfig } = await import('./load-kube-config.ts');
  const load = () => loadKubeConfig(kubeconfig);
  return { load, namespace: contextNamespace(load()) };
}

function hasKubeconfig(): boolean {
  return (
    asText(process.env['KUBECONFIG']) !== undefined ||
    existsSync(join(homedir(), '.kube', 'config'))
  );
}

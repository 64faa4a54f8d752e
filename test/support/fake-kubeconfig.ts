import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FakeApiServer } from '../adapters/kubernetes/fake-api-server.ts';

/** Writes a kubeconfig for a fake API server into a folder; returns its path. */
export async function writeKubeConfig(
  server: FakeApiServer,
  folder: string,
  namespace = 'home',
): Promise<string> {
  const config = server.kubeConfig();
  config.contexts = config.contexts.map((context) => ({ ...context, namespace }));
  const path = join(folder, 'kubeconfig');
  await writeFile(path, config.exportConfig());
  return path;
}

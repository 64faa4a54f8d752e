import { fileURLToPath } from 'node:url';
import { hashModule } from './hash-module.ts';
import { readGoMod } from './read-go-mod.ts';

/** The Go module whose requirement is Helm. */
export const helmModuleFolder = fileURLToPath(new URL('../../manifests/helm', import.meta.url));

export interface HelmModule {
  /** E.g. `v4.3.1`. */
  readonly helm: string;
  /** The oldest Go that builds it, without a `v`. */
  readonly go: string;
  /** Of its requirements and checksums. */
  readonly hash: string;
}

export async function readHelmModule(): Promise<HelmModule> {
  const find = await readGoMod(helmModuleFolder);
  return {
    helm: find(/^\s*(?:require )?helm\.sh\/helm\/v4 (v\S+)/m),
    go: find(/^go (\S+)$/m),
    hash: await hashModule(helmModuleFolder),
  };
}

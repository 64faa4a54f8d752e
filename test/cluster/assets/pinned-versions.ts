import { fileURLToPath } from 'node:url';
import { readGoMod } from './read-go-mod.ts';

/** The Go module whose requirements are the programs. */
export const programsFolder = fileURLToPath(new URL('../programs', import.meta.url));

export interface PinnedVersions {
  /** E.g. `v1.36.3`. */
  readonly kubernetes: string;
  /** E.g. `v3.6.8`. */
  readonly etcd: string;
  /** The oldest Go that builds them, without a `v`, as Go writes its own versions. */
  readonly go: string;
}

/**
 * Reads the versions from `go.mod`, so that a download and a build can never
 * be of two versions.
 */
export async function readPinnedVersions(): Promise<PinnedVersions> {
  const find = await readGoMod(programsFolder);
  return {
    kubernetes: find(/^\s*k8s\.io\/kubernetes (v\S+)/m),
    etcd: find(/^\s*go\.etcd\.io\/etcd\/server\/v3 (v\S+)/m),
    go: find(/^go (\S+)$/m),
  };
}

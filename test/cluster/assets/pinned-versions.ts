import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
  const path = join(programsFolder, 'go.mod');
  const text = await readFile(path, 'utf8');
  const find = (pattern: RegExp): string => {
    const version = pattern.exec(text)?.[1];
    if (version === undefined) throw new Error(`${path} has no line like ${pattern.source}`);
    return version;
  };
  return {
    kubernetes: find(/^\s*k8s\.io\/kubernetes (v\S+)/m),
    etcd: find(/^\s*go\.etcd\.io\/etcd\/server\/v3 (v\S+)/m),
    go: find(/^go (\S+)$/m),
  };
}

import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Environment } from './asset-source.ts';
import type { PinnedVersions } from './pinned-versions.ts';
import type { Platform } from './platform.ts';

/** Where programs are kept between runs: one folder for each Kubernetes version and platform. */
export function cacheFolder(
  environment: Environment,
  versions: PinnedVersions,
  { os, architecture }: Platform,
): string {
  const name = `${versions.kubernetes}-${os}-${architecture}`;
  return join(projectCacheFolder(environment), name);
}

/** Where this project keeps whatever is kept between runs. */
export function projectCacheFolder(environment: Environment): string {
  return join(userCacheFolder(environment), 'openfunction-dapr-webhook');
}

function userCacheFolder(environment: Environment): string {
  const given = environment['XDG_CACHE_HOME'];
  // The XDG specification wants a relative path ignored.
  if (given !== undefined && isAbsolute(given)) return given;
  return join(environment['HOME'] || homedir(), '.cache');
}

import { AssetsError } from './assets-error.ts';

/** A platform in the words of Go and of the release pages. */
export interface Platform {
  readonly os: 'linux' | 'darwin';
  readonly architecture: 'amd64' | 'arm64';
}

const systems: Partial<Record<NodeJS.Platform, Platform['os']>> = {
  linux: 'linux',
  darwin: 'darwin',
};

const architectures: Partial<Record<NodeJS.Architecture, Platform['architecture']>> = {
  x64: 'amd64',
  arm64: 'arm64',
};

/** @throws AssetsError where Kubernetes' server programs do not run */
export function toPlatform(system: NodeJS.Platform, architecture: NodeJS.Architecture): Platform {
  const known = { os: systems[system], architecture: architectures[architecture] };
  if (known.os === undefined || known.architecture === undefined) {
    throw new AssetsError(
      `The test cluster does not run on ${system} ${architecture}; it needs Linux or macOS on x64 or arm64 (on Windows: WSL)`,
    );
  }
  return { os: known.os, architecture: known.architecture };
}

import type { PinnedVersions } from './pinned-versions.ts';
import type { Platform } from './platform.ts';
import type { ProgramName } from './program-names.ts';

/** What came of asking one source. */
export interface Attempt {
  readonly source: string;
  /** Why it did not have all that was asked of it. */
  readonly problems: readonly string[];
}

export interface FailedSearch {
  readonly missing: readonly ProgramName[];
  readonly attempts: readonly Attempt[];
  readonly versions: PinnedVersions;
  readonly platform: Platform;
}

/** The one message after every source has failed: what was tried, why it failed, what to set. */
export function describeAttempts({ missing, attempts, versions, platform }: FailedSearch): string {
  return [
    `No source has ${missing.join(', ')} for the test cluster (Kubernetes ${versions.kubernetes}, etcd ${versions.etcd}, ${platform.os}/${platform.architecture}).`,
    '',
    'Tried, in this order:',
    ...attempts.flatMap(({ source, problems }) => [
      `  ${source}`,
      ...problems.map((problem) => `    - ${problem.replaceAll('\n', '\n      ')}`),
    ]),
    '',
    'Any one of these helps:',
    '  - set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, kube-controller-manager and kubectl',
    '  - let this machine reach dl.k8s.io and github.com (behind a proxy: set HTTPS_PROXY and NODE_USE_ENV_PROXY=1)',
    `  - install Go ${versions.go} or newer, and set GOPROXY to a module proxy that this machine reaches`,
  ].join('\n');
}

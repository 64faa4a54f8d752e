import type { VersionNumber } from './version-number.ts';

export interface KubernetesVersions {
  readonly 'kube-apiserver': VersionNumber;
  readonly 'kube-controller-manager': VersionNumber;
  readonly kubectl: VersionNumber;
}

/** How many minors a program may differ from its API server, as Kubernetes' version skew policy has it. */
const allowedMinors = {
  'kube-controller-manager': { older: 1, newer: 0 },
  kubectl: { older: 1, newer: 1 },
} as const;

/** The program that does not fit its API server, if there is one. */
export function findVersionSkew(
  versions: KubernetesVersions,
): keyof typeof allowedMinors | undefined {
  const server = versions['kube-apiserver'];
  return (['kube-controller-manager', 'kubectl'] as const).find((name) => {
    const { older, newer } = allowedMinors[name];
    const ahead = versions[name].minor - server.minor;
    return versions[name].major !== server.major || ahead > newer || ahead < -older;
  });
}

/** The programs of a control plane and its client, by the names of their files. */
export const programNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
] as const;

export type ProgramName = (typeof programNames)[number];

import { componentApiVersion } from '../../api/keys.ts';

/** Kinds of objects that the controller keeps, with the API version it writes them in. */
export const managedKinds = {
  Component: componentApiVersion,
  Secret: 'v1',
  Service: 'v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  Deployment: 'apps/v1',
} as const;

export type ManagedKind = keyof typeof managedKinds;

/** Whether the controller keeps objects of a kind. */
export function isManagedKind(kind: unknown): kind is ManagedKind {
  return typeof kind === 'string' && Object.hasOwn(managedKinds, kind);
}

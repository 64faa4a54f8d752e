import { type ManagedKind, managedKinds } from '../../rules/reconcile/managed-kinds.ts';
import { type ApiResource, splitApiVersion } from './api-resource.ts';

/** Names in paths of the kinds that the controller keeps. */
const plurals: Readonly<Record<ManagedKind, string>> = {
  Component: 'components',
  Secret: 'secrets',
  Service: 'services',
  NetworkPolicy: 'networkpolicies',
  Deployment: 'deployments',
};

/** Where the API server has the objects of a managed kind. */
export function managedResource(kind: ManagedKind): ApiResource {
  return { ...splitApiVersion(managedKinds[kind]), plural: plurals[kind], kind };
}

import { functionGroup, webhookConfigurationName } from '../../api/keys.ts';
import type { InstallationSettings } from './installation-settings.ts';
import type { Right } from './looked-up.ts';

/** What the installation needs a right for. */
export type Purpose =
  /** To admit Functions and Pods. */
  | 'admission'
  /** To keep what belongs to Functions. */
  | 'controller'
  /** To keep the certificate, and the `caBundle` of the configurations. */
  | 'certificates'
  /** To make its Secret, and to put `caBundle` there: others can do that. */
  | 'certificates of others'
  /** To work as one of several replicas. */
  | 'leader election'
  /** For owner references, on API servers that check them. */
  | 'owner references'
  /** For API tokens. */
  | 'tokens'
  /** For --repair-missed-pods. */
  | 'repair';

/** A rule of RBAC that the installation needs. */
export interface ProductRight {
  readonly purpose: Purpose;
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** In every namespace, or in that of the Lease or of the certificate. */
  readonly scope: 'cluster' | 'lease namespace' | 'certificate namespace';
  /** Whether it is granted for one object alone, and for which. */
  readonly only?: 'lease' | 'certificate' | 'configuration';
}

const watched = ['list', 'watch'] as const;
const kept = ['get', ...watched, 'create', 'patch', 'delete'] as const;

/** Every rule in manifests/install.yaml; a test compares the two. */
export const productRights: readonly ProductRight[] = [
  ...(['functions', 'servings'] as const).map((resource) => ({
    purpose: 'admission' as const,
    group: functionGroup,
    resource,
    verbs: ['get', ...watched],
    scope: 'cluster' as const,
  })),
  clusterRight('admission', 'dapr.io', 'components', watched),
  ...(['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const).flatMap(
    (resource) => [
      configurationRight('certificates', resource, ['get', ...watched]),
      configurationRight('certificates of others', resource, ['patch']),
    ],
  ),
  { ...secretRight('certificates of others', ['create']) },
  { ...secretRight('certificates', ['get', ...watched, 'update']), only: 'certificate' },
  clusterRight('controller', 'apps', 'deployments', kept),
  clusterRight('controller', 'apps', 'statefulsets', ['list']),
  clusterRight('controller', '', 'services', kept),
  clusterRight('controller', 'networking.k8s.io', 'networkpolicies', kept),
  clusterRight('controller', 'dapr.io', 'components', kept),
  clusterRight('controller', '', 'pods', watched),
  clusterRight('repair', '', 'pods/eviction', ['create']),
  clusterRight('controller', 'events.k8s.io', 'events', ['create', 'patch']),
  clusterRight('owner references', functionGroup, 'functions/finalizers', ['update']),
  clusterRight('tokens', '', 'secrets', [...watched, 'create', 'delete']),
  { ...leaseRight(['create']) },
  { ...leaseRight(['get', 'update']), only: 'lease' },
];

function clusterRight(
  purpose: Purpose,
  group: string,
  resource: string,
  verbs: readonly string[],
): ProductRight {
  return { purpose, group, resource, verbs, scope: 'cluster' };
}

function configurationRight(
  purpose: Purpose,
  resource: string,
  verbs: readonly string[],
): ProductRight {
  const group = 'admissionregistration.k8s.io';
  return { purpose, group, resource, verbs, scope: 'cluster', only: 'configuration' };
}

function secretRight(purpose: Purpose, verbs: readonly string[]): ProductRight {
  return { purpose, group: '', resource: 'secrets', verbs, scope: 'certificate namespace' };
}

function leaseRight(verbs: readonly string[]): ProductRight {
  return {
    purpose: 'leader election',
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs,
    scope: 'lease namespace',
  };
}

/** One verb of a rule, as an API server is asked for it. */
export interface RightToReview {
  readonly purpose: Purpose;
  readonly right: Right;
}

/** Every single right to ask an API server for, with the names of this installation. */
export function rightsToReview(settings: InstallationSettings): RightToReview[] {
  const namespaces = {
    cluster: undefined,
    'lease namespace': settings.leaseNamespace,
    'certificate namespace': settings.certificateSecret.namespace,
  };
  const names = {
    lease: settings.leaseName,
    certificate: settings.certificateSecret.name,
    configuration: webhookConfigurationName,
  };
  return productRights.flatMap(({ purpose, group, resource, verbs, scope, only }) =>
    verbs.map((verb) => ({
      purpose,
      right: {
        verb,
        group,
        resource,
        namespace: namespaces[scope],
        name: only === undefined ? undefined : names[only],
        ...(only === 'configuration' ? { isClusterWide: true } : {}),
      },
    })),
  );
}

import { type ApiResource, splitApiVersion } from '../../adapters/kubernetes/api-resource.ts';
import { componentApiVersion, functionGroup } from '../../api/keys.ts';

/** What `check` looks at, in the version in which every supported cluster has it. */
export const resources = {
  configMaps: { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap' },
  deployments: { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' },
  endpointSlices: {
    group: 'discovery.k8s.io',
    version: 'v1',
    plural: 'endpointslices',
    kind: 'EndpointSlice',
  },
  mutating: {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    plural: 'mutatingwebhookconfigurations',
    kind: 'MutatingWebhookConfiguration',
  },
  namespaces: { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace' },
  pods: { group: '', version: 'v1', plural: 'pods', kind: 'Pod' },
  secrets: { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' },
  services: { group: '', version: 'v1', plural: 'services', kind: 'Service' },
  subjectAccessReviews: {
    group: 'authorization.k8s.io',
    version: 'v1',
    plural: 'subjectaccessreviews',
    kind: 'SubjectAccessReview',
  },
  validating: {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    plural: 'validatingwebhookconfigurations',
    kind: 'ValidatingWebhookConfiguration',
  },
} as const satisfies Record<string, ApiResource>;

export function functionsIn(version: string): ApiResource {
  return { group: functionGroup, version, plural: 'functions', kind: 'Function' };
}

export function servingsIn(version: string): ApiResource {
  return { group: functionGroup, version, plural: 'servings', kind: 'Serving' };
}

/** Group and version of Dapr's Components. */
export const componentVersion = splitApiVersion(componentApiVersion);

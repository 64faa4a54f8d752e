import type { JsonObject } from '../../../src/api/json.ts';

/** Where both are put. */
export const platformNamespace = 'default';

export const injectorName = 'dapr-sidecar-injector';
export const openFunctionName = 'openfunction-controller-manager';

/** What a cluster has of Dapr and OpenFunction, as far as it can without running either. */
export function daprAndOpenFunction(replicas: number): JsonObject[] {
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: injectorName },
      webhooks: [
        {
          name: 'sidecar-injector.dapr.io',
          reinvocationPolicy: 'IfNeeded',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Ignore',
          clientConfig: { url: 'https://127.0.0.1:1/mutate' },
          rules: [
            { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] },
          ],
        },
      ],
    },
    deployment(injectorName, injectorName, 'ghcr.io/dapr/injector:1.15.4', replicas),
    deployment(openFunctionName, 'openfunction', 'openfunction/openfunction:v1.2.0', replicas),
  ];
}

function deployment(name: string, container: string, image: string, replicas: number): JsonObject {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: platformNamespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: container, image }] } },
    },
  };
}

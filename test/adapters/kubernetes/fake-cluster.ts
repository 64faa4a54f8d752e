import { onTestFinished } from 'vitest';
import { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import { FakeApiServer } from './fake-api-server.ts';

/** Every resource that this project looks at: group and version, name in paths, kind. */
export const servedResources = [
  ['core.openfunction.io/v1beta2', 'functions', 'Function'],
  ['core.openfunction.io/v1beta2', 'servings', 'Serving'],
  ['dapr.io/v1alpha1', 'components', 'Component'],
  ['v1', 'pods', 'Pod'],
  ['v1', 'secrets', 'Secret'],
  ['v1', 'services', 'Service'],
  ['networking.k8s.io/v1', 'networkpolicies', 'NetworkPolicy'],
  ['apps/v1', 'deployments', 'Deployment'],
  ['apps/v1', 'statefulsets', 'StatefulSet'],
  ['events.k8s.io/v1', 'events', 'Event'],
  ['coordination.k8s.io/v1', 'leases', 'Lease'],
  [
    'admissionregistration.k8s.io/v1',
    'mutatingwebhookconfigurations',
    'MutatingWebhookConfiguration',
  ],
  [
    'admissionregistration.k8s.io/v1',
    'validatingwebhookconfigurations',
    'ValidatingWebhookConfiguration',
  ],
] as const;

/** A fake API server that serves all of it. */
export function fakeCluster(): FakeApiServer {
  const server = new FakeApiServer();
  for (const [version, plural, kind] of servedResources) server.install(version, plural, kind);
  return server;
}

/** The same, listening, with a connection to it; both end with the test. */
export async function startFakeCluster(): Promise<{
  server: FakeApiServer;
  connection: KubernetesConnection;
}> {
  const server = fakeCluster();
  await server.start();
  const connection = new KubernetesConnection(() => server.kubeConfig());
  onTestFinished(async () => {
    connection.close();
    await server.stop();
  });
  return { server, connection };
}

import { join } from 'node:path';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import { repositoryFolder } from '../../support/source-tree.ts';
import type { Kubectl } from './kubectl.ts';

/** Who the product is in the cluster; it has the rights of `webhook-role.yaml` and no others. */
export const productUser =
  'system:serviceaccount:openfunction-dapr-webhook:openfunction-dapr-webhook';

/** CRDs of OpenFunction as it serves each version. */
const definitions: Readonly<Record<FunctionVersion, string>> = {
  v1beta1: 'manifests/crds/openfunction-0.8',
  v1beta2: 'manifests/crds/openfunction-1',
};

/** Makes a cluster ready for the product: the CRDs, Dapr's among them, and its rights. */
export async function prepareCluster(kubectl: Kubectl, version: FunctionVersion): Promise<void> {
  const file = (path: string): string[] => ['-f', join(repositoryFolder, path)];
  await kubectl.run(['create', ...file('manifests/crds/dapr')]);
  await kubectl.run(['create', ...file(definitions[version])]);
  await kubectl.run(['wait', '--for=condition=Established', 'crd', '--all']);
  await kubectl.run(['apply', ...file('test/cluster/harness/webhook-role.yaml')]);
}

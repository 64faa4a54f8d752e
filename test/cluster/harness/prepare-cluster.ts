import { join } from 'node:path';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import { repositoryFolder } from '../../support/source-tree.ts';
import type { Kubectl } from './kubectl.ts';
import { grantRights } from './service-accounts.ts';

/** Dapr's CRD. */
export const daprDefinitions = join(repositoryFolder, 'manifests/crds/dapr');

/** CRDs of OpenFunction as it serves each version. */
const definitions: Readonly<Record<FunctionVersion, string>> = {
  v1beta1: 'manifests/crds/openfunction-0.8',
  v1beta2: 'manifests/crds/openfunction-1',
};

/** Makes a cluster ready for the product: the CRDs, Dapr's among them, its account and its rights. */
export async function prepareCluster(kubectl: Kubectl, version: FunctionVersion): Promise<void> {
  await kubectl.run(['create', '-f', daprDefinitions]);
  await kubectl.run(['create', '-f', join(repositoryFolder, definitions[version])]);
  await kubectl.run(['wait', '--for=condition=Established', 'crd', '--all']);
  await grantRights(kubectl);
}

import { join } from 'node:path';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import { repositoryFolder } from '../../support/source-tree.ts';
import { functionObject, podOf, serviceMode } from './fixtures.ts';
import type { Kubectl } from './kubectl.ts';
import { until } from './until.ts';

/** Who the product is in the cluster; it has the rights of `webhook-role.yaml` and no others. */
export const productUser =
  'system:serviceaccount:openfunction-dapr-webhook:openfunction-dapr-webhook';

/** CRDs of OpenFunction as it serves each version. */
const definitions: Readonly<Record<FunctionVersion, string>> = {
  v1beta1: 'manifests/crds/openfunction-0.8',
  v1beta2: 'manifests/crds/openfunction-1',
};

/** Creates what has to be there before the product: the CRDs, and its rights. */
export async function install(kubectl: Kubectl, version: FunctionVersion): Promise<void> {
  const file = (path: string): string[] => ['-f', join(repositoryFolder, path)];
  await kubectl.run(['create', ...file('manifests/crds/dapr'), ...file(definitions[version])]);
  await kubectl.run(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  await kubectl.run(['apply', ...file('test/cluster/harness/webhook-role.yaml')]);
}

/**
 * Waits until Pods can be made in the default namespace and the webhooks are
 * called. API servers notice new configurations a moment after they are stored;
 * dry runs show when.
 */
export async function untilCalled(kubectl: Kubectl, version: FunctionVersion): Promise<void> {
  await kubectl.run([
    ...['wait', '--for=create', 'serviceaccount/default', '-n', 'default', '--timeout=60s'],
  ]);
  const pod = podOf('nobody', { name: 'probe' });
  const fn = functionObject(version, { name: 'probe', annotations: { [serviceMode]: 'x' } });
  const create = ['create', '--dry-run=server', '-n', 'default', '-f', '-'];
  await until('API servers to call the webhooks', async () => {
    const answers = [await kubectl.try(create, [pod]), await kubectl.try(create, [fn])];
    const [podAnswer, functionAnswer] = answers.map(({ stderr }) => stderr);
    return (
      podAnswer?.includes('no Function found') === true &&
      functionAnswer?.includes('supported values') === true
    );
  });
}

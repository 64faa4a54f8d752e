import type { FunctionVersion } from '../../../src/api/keys.ts';
import { functionObject, podOf, serviceMode } from './fixtures.ts';
import type { Kubectl } from './kubectl.ts';
import { until } from './until.ts';

/** What the webhooks say of the probes. */
const unknownFunction = 'no Function found';
const invalidMode = 'supported values';

/** API servers notice new configurations a moment after they are stored; this waits until they have. */
export async function untilCalled(kubectl: Kubectl, version: FunctionVersion): Promise<void> {
  // No Pod is let in, and so none shown to a webhook, before its ServiceAccount is there.
  await kubectl.run([
    ...['wait', '--for=create', 'serviceaccount/default', '-n', 'default', '--timeout=60s'],
  ]);
  await until('API servers to call the webhooks', async () => {
    return !(await areCalled(kubectl, version)).includes(false);
  });
}

/** The same, for configurations that were deleted. */
export async function untilForgotten(kubectl: Kubectl, version: FunctionVersion): Promise<void> {
  await until('API servers to forget the webhooks', async () => {
    return !(await areCalled(kubectl, version)).includes(true);
  });
}

/** Whether the webhook of Pods is called, and that of Functions; dry runs show it. */
async function areCalled(kubectl: Kubectl, version: FunctionVersion): Promise<boolean[]> {
  const create = ['create', '--dry-run=server', '-n', 'default', '-f', '-'];
  const pod = podOf('nobody', { name: 'probe' });
  const fn = functionObject(version, { name: 'probe', annotations: { [serviceMode]: 'x' } });
  return [
    (await kubectl.try(create, [pod])).stderr.includes(unknownFunction),
    (await kubectl.try(create, [fn])).stderr.includes(invalidMode),
  ];
}

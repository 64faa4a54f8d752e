import { at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import { textAt } from '../../support/json.ts';
import type { Kubectl } from './kubectl.ts';
import { until } from './until.ts';

/**
 * Says of the pods of a Deployment what a kubelet would, until the Deployment has
 * heard of it: that they are ready, or that they are not.
 */
export async function setPodsReady(
  kubectl: Kubectl,
  namespace: string,
  name: string,
  isReady: boolean,
): Promise<void> {
  await until(`the pods of ${name} to be ${isReady ? '' : 'un'}ready`, async () => {
    const deployment = await kubectl.get('deployment', name, namespace);
    const wanted = isReady ? Number(at(deployment, 'spec', 'replicas')) : 0;
    const available = Number(at(deployment, 'status', 'availableReplicas') ?? 0);
    const labels = at(deployment, 'spec', 'selector', 'matchLabels') as Record<string, string>;
    const selector = Object.entries(labels)
      .map((label) => label.join('='))
      .join();
    for (const pod of await kubectl.list('pods', namespace, selector)) {
      if (isReadyPod(pod) !== isReady) await setReady(kubectl, pod, isReady);
    }
    const isCaughtUp =
      at(deployment, 'status', 'observedGeneration') === at(deployment, 'metadata', 'generation');
    return isCaughtUp && available === wanted;
  });
}

function isReadyPod(pod: JsonObject): boolean {
  return objectsOf(at(pod, 'status', 'conditions')).some(
    ({ item }) => item['type'] === 'Ready' && item['status'] === 'True',
  );
}

async function setReady(kubectl: Kubectl, pod: JsonObject, isReady: boolean): Promise<void> {
  const condition = {
    type: 'Ready',
    status: isReady ? 'True' : 'False',
    lastTransitionTime: new Date().toISOString(),
  };
  const patch = { status: { phase: 'Running', conditions: [condition] } };
  await kubectl.run([
    ...[
      'patch',
      'pod',
      textAt(pod, 'metadata', 'name'),
      '-n',
      textAt(pod, 'metadata', 'namespace'),
    ],
    ...['--subresource=status', '--type=strategic', '-p', JSON.stringify(patch)],
  ]);
}

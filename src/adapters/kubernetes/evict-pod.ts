import type { PodEvictor } from '../../controller/pod-repair.ts';
import { ApiError } from './api-error.ts';
import { type ApiResource, objectPath } from './api-resource.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import { sendWithin } from './send-within.ts';

const pods: ApiResource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod' };
const evictions = { group: '', plural: 'pods/eviction' };

const answerTimeoutMs = 10_000;

/** Evicts Pods through the eviction API, which honours disruption budgets. */
export function podEvictor(
  connection: Pick<KubernetesConnection, 'changeJson'>,
  onEvicted: () => void,
): PodEvictor {
  return async ({ namespace, name, uid }, signal) => {
    const body = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace, name },
      // A StatefulSet's next Pod has the same name.
      deleteOptions: { preconditions: { uid } },
    };
    const request = { verb: 'create', resource: evictions, namespace, name } as const;
    try {
      await sendWithin(answerTimeoutMs, request, signal, (within) =>
        connection.changeJson(`${objectPath(pods, namespace, name)}/eviction`, {
          method: 'POST',
          body,
          signal: within,
        }),
      );
    } catch (error) {
      const isGone = error instanceof ApiError && (error.status === 404 || error.status === 409);
      if (!isGone) throw error;
      return false;
    }
    onEvicted();
    return true;
  };
}

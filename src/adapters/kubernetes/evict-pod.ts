import type { PodEvictor } from '../../controller/pod-repair.ts';
import { ApiError, asApiError } from './api-error.ts';
import { type ApiResource, objectPath } from './api-resource.ts';
import { Deadline } from './deadline.ts';
import { describeFailure } from './describe-failure.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';

const pods: ApiResource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod' };
const evictions = { group: '', plural: 'pods/eviction' };

const answerTimeoutMs = 10_000;

/** Evicts Pods through the eviction API, which honours disruption budgets. */
export function podEvictor(
  connection: Pick<KubernetesConnection, 'changeJson'>,
  onEvicted: () => void,
): PodEvictor {
  return async ({ namespace, name, uid }, signal) => {
    const deadline = new Deadline(signal, answerTimeoutMs);
    try {
      await connection.changeJson(`${objectPath(pods, namespace, name)}/eviction`, {
        method: 'POST',
        body: {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { namespace, name },
          // A StatefulSet's next Pod has the same name.
          deleteOptions: { preconditions: { uid } },
        },
        signal: deadline.signal,
      });
      onEvicted();
      return true;
    } catch (thrown) {
      signal.throwIfAborted();
      const isGone = thrown instanceof ApiError && (thrown.status === 404 || thrown.status === 409);
      if (!isGone) throw describeFailure('create', evictions, namespace, asApiError(thrown), name);
      return false;
    } finally {
      deadline.end();
    }
  };
}

import { servedAppIdOf } from '../../rules/pod/served-app-id.ts';
import { asApiError } from './api-error.ts';
import { type ApiResource, apiVersionOf, collectionPath } from './api-resource.ts';
import { Deadline } from './deadline.ts';
import { describeFailure } from './describe-failure.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import { listPages } from './list-pages.ts';

/** For one page. */
const answerTimeoutMs = 10_000;

/** Dapr's operator looks at these two. */
const workloads: readonly ApiResource[] = [
  { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' },
  { group: 'apps', version: 'v1', plural: 'statefulsets', kind: 'StatefulSet' },
];

/**
 * The app-ids of a namespace for which Dapr's operator makes Services.
 *
 * Templates cannot be selected by what is in them, and watching every workload of
 * a cluster costs more than the few Functions in sidecar mode are worth: they are
 * listed when such a Function is looked at. Those who ask at the same time share
 * a list, unless it began before they asked.
 */
export class AnnotatedWorkloads {
  readonly #connection: Pick<KubernetesConnection, 'getJson'>;
  readonly #running = new Map<string, Promise<ReadonlySet<string>>>();
  readonly #next = new Map<string, Promise<ReadonlySet<string>>>();

  constructor(connection: Pick<KubernetesConnection, 'getJson'>) {
    this.#connection = connection;
  }

  /** @throws ApiError that says what could not be listed, and the signal's reason once it aborts */
  async appIds(namespace: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const running = this.#running.get(namespace);
    if (running === undefined) return this.#start(namespace, signal);
    const next =
      this.#next.get(namespace) ??
      running
        .catch(() => undefined)
        .then(() => {
          this.#next.delete(namespace);
          return this.#start(namespace, signal);
        });
    this.#next.set(namespace, next);
    return next;
  }

  #start(namespace: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const list = this.#list(namespace, signal).finally(() => {
      if (this.#running.get(namespace) === list) this.#running.delete(namespace);
    });
    this.#running.set(namespace, list);
    return list;
  }

  async #list(namespace: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const appIds = new Set<string>();
    for (const resource of workloads) {
      const deadline = new Deadline(signal, answerTimeoutMs);
      try {
        const path = collectionPath(resource, namespace);
        const pages = listPages(this.#connection, path, { signal: deadline.signal });
        for await (const { objects } of pages) {
          deadline.restart(answerTimeoutMs);
          for (const object of objects) {
            // Members of a list do not say what they are.
            const named = { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
            const appId = servedAppIdOf(named);
            if (appId !== undefined) appIds.add(appId);
          }
        }
      } catch (thrown) {
        signal.throwIfAborted();
        throw describeFailure('list', resource, namespace, asApiError(thrown));
      } finally {
        deadline.end();
      }
    }
    return appIds;
  }
}

import { expect, onTestFinished } from 'vitest';
import type { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import { KubernetesClusterView } from '../../../src/adapters/kubernetes/kubernetes-cluster-view.ts';
import { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import { KubernetesFunctionSource } from '../../../src/adapters/kubernetes/kubernetes-function-source.ts';
import type { FollowerTimings } from '../../../src/adapters/kubernetes/resource-follower.ts';
import type { FunctionModel } from '../../../src/api/function.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { fakeCluster } from './fake-cluster.ts';
import { quick } from './reflection.ts';
import { until } from './until.ts';

const timings: FollowerTimings = { ...quick, recheckMs: 20, absence: { firstMs: 1, maxMs: 10 } };

/** Open watches of everything, by resource. */
const allWatches: Readonly<Record<string, number>> = {
  functions: 1,
  servings: 1,
  // One for the Components that everybody has, one for those that are kept.
  components: 2,
  secrets: 1,
  services: 1,
  networkpolicies: 1,
  // One for the proxies that are kept, one for OpenFunction's.
  deployments: 2,
  // One for each label by which a Pod claims a Function.
  pods: 2,
};

/** A view of a fake cluster, and whom it woke. */
export class ViewedCluster {
  readonly server: FakeApiServer;
  readonly connection: KubernetesConnection;
  readonly source: KubernetesFunctionSource;
  readonly view: KubernetesClusterView;
  readonly stopping = new AbortController();
  readonly errors: ApiError[] = [];
  /** Functions, oldest first; `*` for all of them. */
  woken: string[] = [];
  /** The time on the view's clock. */
  nowMs = 0;
  running: Promise<void> = Promise.resolve();

  /** @param server listens already */
  constructor(server: FakeApiServer) {
    this.server = server;
    this.connection = new KubernetesConnection(() => server.kubeConfig());
    this.source = new KubernetesFunctionSource({
      connection: this.connection,
      onError: (error) => this.errors.push(error),
      timings,
    });
    this.view = new KubernetesClusterView({
      connection: this.connection,
      source: this.source,
      excludedNamespaces: new Set(['kube-system']),
      wake: (namespace, name) => this.woken.push(`${namespace}/${name}`),
      wakeSoon: (namespace, name) => this.woken.push(`${namespace}/${name} soon`),
      wakeAll: () => this.woken.push('*'),
      onError: (error) => this.errors.push(error),
      timings,
      now: () => this.nowMs,
    });
  }

  run(): void {
    this.source.start();
    this.running = this.view.run(this.stopping.signal);
  }

  /** Everything is listed and watched, and those who were woken by that are forgotten. */
  async watching(watches = allWatches): Promise<void> {
    await this.view.untilSynced(this.stopping.signal);
    await until(() => {
      for (const [plural, count] of Object.entries(watches)) {
        expect([plural, this.server.openWatches(plural)]).toEqual([plural, count]);
      }
    });
    this.woken = [];
  }

  /** Whom a change woke, when the view has heard of it; of two watches neither has to be first. */
  async wakes(...expected: string[]): Promise<void> {
    await until(() => expect(this.woken.toSorted()).toEqual(expected.toSorted()));
    this.woken = [];
  }

  /** The Function of that name, where the test cannot go on without it. */
  fn(name: string, namespace = 'demo'): FunctionModel {
    const found = this.view.function(namespace, name);
    if (found === undefined) throw new Error(`the view knows no Function ${namespace}/${name}`);
    return found;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.source.stop();
    this.connection.close();
    await this.server.stop();
  }
}

/** A view over a fake API server that serves everything; both end with the test. */
export async function viewCluster(
  prepare: (server: FakeApiServer) => void = () => undefined,
): Promise<ViewedCluster> {
  const server = fakeCluster();
  prepare(server);
  await server.start();
  const cluster = new ViewedCluster(server);
  onTestFinished(() => cluster.stop());
  cluster.run();
  return cluster;
}

/** Metadata of an object that is kept for a Function. */
export function keptFor(functionName: string, uid = `${functionName}-uid`): JsonObject {
  return {
    labels: { 'baas.openfunction.io/proxy': functionName },
    ownerReferences: [
      {
        apiVersion: 'core.openfunction.io/v1beta2',
        kind: 'Function',
        name: functionName,
        uid,
        controller: true,
      },
    ],
  };
}

/** An object with these labels and nothing else. */
export function labelled(labels: JsonObject): JsonObject {
  return { metadata: { labels } };
}

/** A Serving of a Function. */
export function servingOf(functionName: string): JsonObject {
  return labelled({ 'openfunction.io/function': functionName });
}

import type { FunctionModel } from '../../api/function.ts';
import { BaasLabel, OpenFunctionLabel } from '../../api/keys.ts';
import type { ClusterView } from '../../controller/cluster-view.ts';
import type { ContextFacts } from '../../rules/context/function-context.ts';
import { appIdOf } from '../../rules/names.ts';
import { type ManagedKind, managedKinds } from '../../rules/reconcile/managed-kinds.ts';
import { type ObservedObject, readObservedObject } from '../../rules/reconcile/observed-object.ts';
import { type ObservedPod, readObservedPod } from '../../rules/reconcile/observed-pod.ts';
import type { FunctionSurroundings } from '../../rules/reconcile/plan.ts';
import { pause } from '../pause.ts';
import { Table } from '../store/object-index.ts';
import { AnnotatedWorkloads } from './annotated-workloads.ts';
import type { ApiError } from './api-error.ts';
import { type FollowedResource, followResource } from './follow-resource.ts';
import { type ForeignProxy, readForeignProxy } from './foreign-proxies.ts';
import { FunctionsToWake, type WakeFunctions } from './functions-to-wake.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import type { KubernetesFunctionSource, Staleness } from './kubernetes-function-source.ts';
import { managedResource } from './managed-resources.ts';
import { ObservedPods } from './observed-pods.ts';
import { OwnedObjects } from './owned-objects.ts';
import type { FollowerTimings } from './resource-follower.ts';
import type { VersionedResource } from './served-version.ts';

export interface KubernetesClusterViewOptions extends WakeFunctions {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'getLines'>;
  /** Functions, Servings and Components; followed by whoever made it. */
  readonly source: KubernetesFunctionSource;
  readonly excludedNamespaces: ReadonlySet<string>;
  readonly onError: (error: ApiError) => void;
  readonly timings?: Partial<FollowerTimings> | undefined;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: (() => number) | undefined;
}

/** Pods that have ended need no proxy any more, and nobody repairs them. */
const notEnded = 'status.phase!=Succeeded,status.phase!=Failed';

/** Everything that the controller made carries it. */
const ownLabel = BaasLabel.proxy;

const deployments: VersionedResource = versioned('Deployment');
const pods: VersionedResource = { group: '', versions: ['v1'], plural: 'pods', kind: 'Pod' };

/** Between looks at whether everything was listed. */
const syncLookMs = 20;

/**
 * What the controller has to know of a cluster, followed by watches that ask for
 * no more than what carries this project's or OpenFunction's labels, and keep no
 * more than what the rules look at.
 */
export class KubernetesClusterView implements ClusterView {
  readonly #options: KubernetesClusterViewOptions;
  readonly #workloads: AnnotatedWorkloads;
  readonly #owned: ReadonlyMap<ManagedKind, OwnedObjects>;
  readonly #functions: FunctionsToWake;
  readonly #pods = new ObservedPods(({ namespace, claim }) =>
    this.#functions.wakeSoonClaimed(namespace, claim),
  );
  readonly #proxies = new Table<ForeignProxy>(({ serving }) => serving);
  readonly #followers: readonly FollowedResource[];

  constructor(options: KubernetesClusterViewOptions) {
    this.#options = options;
    this.#functions = new FunctionsToWake(options);
    this.#workloads = new AnnotatedWorkloads(options.connection);
    const kinds = Object.keys(managedKinds) as ManagedKind[];
    this.#owned = new Map(
      kinds.map((kind) => [
        kind,
        new OwnedObjects(kind, (one) => options.wake(one.namespace, one.functionName)),
      ]),
    );
    this.#followers = [
      ...[...this.#owned.values()].map((objects) => this.#ownedFollower(objects)),
      this.#podFollower('function', OpenFunctionLabel.function),
      this.#podFollower('serving', `${OpenFunctionLabel.serving},!${OpenFunctionLabel.function}`),
      this.#proxyFollower(),
    ];
  }

  /** Follows until the signal aborts; resolves when everything is closed. */
  async run(signal: AbortSignal): Promise<void> {
    const unsubscribe = this.#options.source.subscribe((change) => this.#functions.wakeFor(change));
    try {
      await Promise.all(this.#followers.map(({ follower }) => follower.run(signal)));
    } finally {
      unsubscribe();
    }
  }

  /** Resolves when everything was listed once, or when the signal aborts. */
  async untilSynced(signal: AbortSignal): Promise<void> {
    const isSynced = (): boolean =>
      this.#options.source.isSynced() &&
      this.#followers.every(({ isRefused, follower }) => isRefused() || follower.isSynced);
    while (!signal.aborted && !isSynced()) await pause(syncLookMs, signal);
  }

  /** How long nothing was heard, for each resource that is followed here. */
  staleness(): Staleness[] {
    return this.#followers
      .filter(({ isRefused }) => !isRefused())
      .map(({ resource, follower }) => ({ resource, seconds: follower.staleMs() / 1000 }));
  }

  functions(): Iterable<FunctionModel> {
    return this.#options.source.functions();
  }

  function(namespace: string, name: string): FunctionModel | undefined {
    return this.#options.source.function(namespace, name);
  }

  contextFacts(fn: FunctionModel): ContextFacts {
    const { source } = this.#options;
    return {
      servings: source.servingsOf(fn.namespace, fn.name),
      components: source.components(fn.namespace),
    };
  }

  surroundings(fn: FunctionModel): FunctionSurroundings {
    const { source } = this.#options;
    const { namespace, name } = fn;
    const servings = source.servingsOf(namespace, name);
    const claims: ObservedPod['claim'][] = [
      { kind: 'function', name },
      ...servings.map((serving) => ({ kind: 'serving' as const, name: serving })),
    ];
    // While OpenFunction rolls a Function out there are two: pods have used the older one since it came.
    const [openFunctionProxy] = servings
      .flatMap((serving) => this.#proxies.group(namespace, serving))
      .sort((left, right) => (left.createdAt < right.createdAt ? -1 : 1));
    return {
      objects: [...this.#owned.values()].flatMap((objects) => objects.of(namespace, name)),
      pods: claims.flatMap((claim) => this.#pods.claiming(namespace, claim)),
      openFunctionProxy,
      componentsAreServed: source.componentsAreServed,
    };
  }

  pod(namespace: string, name: string): { pod: ObservedPod; fn: FunctionModel } | undefined {
    const pod = this.#pods.get(namespace, name);
    const fn = pod === undefined ? undefined : this.#functionOf(pod);
    return pod === undefined || fn === undefined ? undefined : { pod, fn };
  }

  /** Function pods that have not ended, each with its Function; those of unknown Functions left out. */
  *functionPods(): Generator<{ pod: ObservedPod; fn: FunctionModel }> {
    for (const pod of this.#pods.values()) {
      const fn = this.#functionOf(pod);
      if (fn !== undefined) yield { pod, fn };
    }
  }

  /** Deployments of proxies that are kept. */
  proxies(): Iterable<ObservedObject> {
    return this.#owned.get('Deployment')?.values() ?? [];
  }

  async hasAnnotatedWorkload(fn: FunctionModel, signal: AbortSignal): Promise<boolean> {
    return (await this.#workloads.appIds(fn.namespace, signal)).has(appIdOf(fn));
  }

  /** What a write of our own made, before the watch says so. */
  wrote(observed: ObservedObject): void {
    this.#owned.get(observed.kind)?.wrote(observed);
  }

  deleted(observed: ObservedObject): void {
    this.#owned.get(observed.kind)?.deleted(observed);
  }

  #functionOf({ namespace, claim }: ObservedPod): FunctionModel | undefined {
    const { source } = this.#options;
    const name =
      claim.kind === 'function' ? claim.name : source.serving(namespace, claim.name)?.function;
    return name === undefined ? undefined : source.function(namespace, name);
  }

  #ownedFollower(objects: OwnedObjects) {
    const { kind } = objects;
    return followResource(this.#options, {
      resource: versioned(kind),
      what: 'kept',
      // Without tokens nobody has to let this project see a Secret.
      mayBeRefused: kind === 'Secret',
      selector: { labels: ownLabel },
      metadataOnly: kind === 'Secret',
      read: readObservedObject,
      onReplace: (items) => {
        objects.replace(items);
        this.#options.wakeAll();
      },
      onUpsert: (item) => objects.saw(item),
      onDelete: (namespace, name, uid) => objects.sawDeleted(namespace, name, uid),
    });
  }

  #podFollower(kind: ObservedPod['claim']['kind'], labels: string) {
    const { excludedNamespaces, wakeAll } = this.#options;
    return followResource(this.#options, {
      resource: pods,
      what: `of a ${kind}`,
      selector: { labels, fields: notEnded },
      metadataOnly: true,
      read: (object) => readObservedPod(object, excludedNamespaces),
      onReplace: (items) => {
        this.#pods.replace(kind, items);
        wakeAll();
      },
      onUpsert: (pod) => this.#pods.saw(kind, pod),
      onDelete: (namespace, name) => this.#pods.sawDeleted(kind, namespace, name),
    });
  }

  #proxyFollower() {
    const wake = (namespace: string, serving: string): void =>
      this.#functions.wakeClaimed(namespace, { kind: 'serving', name: serving });
    return followResource(this.#options, {
      resource: deployments,
      what: "OpenFunction's proxies",
      selector: { labels: OpenFunctionLabel.proxy },
      metadataOnly: true,
      read: readForeignProxy,
      onReplace: (items) => {
        this.#proxies.replace(items);
        this.#options.wakeAll();
      },
      onUpsert: (proxy) => {
        const isNews = this.#proxies.get(proxy.namespace, proxy.name)?.serving !== proxy.serving;
        this.#proxies.set(proxy);
        if (isNews) wake(proxy.namespace, proxy.serving);
      },
      onDelete: (namespace, name) => {
        const before = this.#proxies.get(namespace, name);
        this.#proxies.delete(namespace, name);
        if (before !== undefined) wake(namespace, before.serving);
      },
    });
  }
}

function versioned(kind: ManagedKind): VersionedResource {
  const { group, version, plural } = managedResource(kind);
  return { group, versions: [version], plural, kind };
}

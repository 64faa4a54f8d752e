import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ControllerMetrics } from '../adapters/controller-metrics.ts';
import {
  ApiError,
  type ApiErrorKind,
  isOfLeavingNamespace,
} from '../adapters/kubernetes/api-error.ts';
import { eventWriter } from '../adapters/kubernetes/event-writer.ts';
import { podEvictor } from '../adapters/kubernetes/evict-pod.ts';
import { KubernetesClusterView } from '../adapters/kubernetes/kubernetes-cluster-view.ts';
import { KubernetesObjectWriter } from '../adapters/kubernetes/kubernetes-object-writer.ts';
import { LeaderElector } from '../adapters/kubernetes/leader-elector.ts';
import { isAway, isOutage } from '../adapters/kubernetes/outage.ts';
import { RecentCauses } from '../adapters/kubernetes/recent-causes.ts';
import { requestedPauseMs } from '../adapters/kubernetes/requested-pause.ts';
import type { Logger } from '../adapters/log.ts';
import type { Metrics } from '../adapters/metrics.ts';
import { newTokenBase64 } from '../adapters/new-token.ts';
import { Controller, type Reconciled } from '../controller/controller.ts';
import { effectiveMode } from '../rules/effective-mode.ts';
import type { ProxySettings } from '../rules/proxy/proxy-settings.ts';
import { missedPods } from '../rules/reconcile/observed-pod.ts';
import type { OpenedCluster } from './open-cluster.ts';
import type { ProcessPart } from './process-part.ts';

export interface ControllerSettings {
  readonly proxy: ProxySettings;
  readonly concurrency: number;
  readonly leaderElect: boolean;
  readonly leaseName: string;
  /** Where this process is at home when absent. */
  readonly leaseNamespace: string | undefined;
  readonly excludedNamespaces: readonly string[];
  readonly repairMissedPods: boolean;
  /** Evictions per minute. */
  readonly repairRate: number;
}

/** What exists while this process leads. */
interface Term {
  readonly view: KubernetesClusterView;
  readonly controller: Controller;
}

/** The companion controller, for as long and as often as this process leads. */
export function startController(
  settings: ControllerSettings,
  cluster: OpenedCluster,
  metrics: Metrics,
  log: Logger,
): ProcessPart {
  const run = new ControllerRun(settings, cluster, metrics, log);
  const stop = new AbortController();
  const ended = run.run(stop.signal);
  ended.catch((error: unknown) => {
    // A fault of ours. Going on without a controller would look healthy; a process that ends is started again.
    log.fatal({ stack: (error as Error).stack }, 'the controller failed; ending');
    process.exit(1);
  });
  return {
    missing: () => [],
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

class ControllerRun {
  readonly #settings: ControllerSettings;
  readonly #cluster: OpenedCluster;
  readonly #log: Logger;
  readonly #metrics: ControllerMetrics;
  readonly #reported = new RecentCauses();
  readonly #identity = `${hostname()}_${randomUUID()}`;
  #term: Term | undefined;

  constructor(settings: ControllerSettings, cluster: OpenedCluster, metrics: Metrics, log: Logger) {
    this.#settings = settings;
    this.#cluster = cluster;
    this.#log = log;
    metrics.watchStaleness(() => this.#term?.view.staleness() ?? []);
    this.#metrics = new ControllerMetrics(metrics, {
      queueDepth: () => this.#term?.controller.queueDepth,
      isLeader: () => this.#term !== undefined,
      missedPods: () => this.#countMissedPods(),
      functionsByMode: () => this.#countFunctions(),
      proxiesByMode: () => this.#countProxies(),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { leaderElect, leaseName, leaseNamespace } = this.#settings;
    if (!leaderElect) return this.#lead(signal);
    const namespace = leaseNamespace ?? this.#cluster.namespace ?? 'default';
    const elector = new LeaderElector({
      connection: this.#cluster.connection,
      namespace,
      name: leaseName,
      identity: this.#identity,
      lead: (term) => this.#lead(term),
      onLeader: (holder) =>
        this.#log.info({ holder, lease: `${namespace}/${leaseName}` }, 'leader'),
      onError: (error) => this.#report(error),
    });
    await elector.run(signal);
  }

  /** One term: follow what the controller needs, and reconcile, until the signal aborts. */
  async #lead(signal: AbortSignal): Promise<void> {
    const { connection, controllerConnection, source } = this.#cluster;
    const settings = this.#settings;
    const view: KubernetesClusterView = new KubernetesClusterView({
      connection,
      source,
      excludedNamespaces: new Set(settings.excludedNamespaces),
      wake: (namespace, name) => controller.wake(namespace, name),
      wakeSoon: (namespace, name) => controller.wakeSoon(namespace, name),
      wakeAll: () => controller.wakeAll(),
      onError: (error) => this.#log.warn({ kind: error.kind }, error.message),
    });
    const controller = new Controller({
      view,
      writer: new KubernetesObjectWriter({
        connection: controllerConnection,
        onWritten: (observed) => view.wrote(observed),
        onDeleted: (observed) => view.deleted(observed),
        onRequest: (kind, verb) => this.#metrics.countWrite(kind, verb),
      }),
      writeEvent: eventWriter({
        connection: controllerConnection,
        instance: this.#identity,
        onError: (error) => this.#report(error),
        onRequest: (verb) => this.#metrics.countWrite('Event', verb),
      }),
      settings: settings.proxy,
      concurrency: settings.concurrency,
      repair: settings.repairMissedPods
        ? {
            perMinute: settings.repairRate,
            evict: podEvictor(controllerConnection, () =>
              this.#metrics.countWrite('Eviction', 'create'),
            ),
            onError: (error) => this.#report(error),
            requestedPauseMs: (error) => requestedPauseMs([error]),
          }
        : undefined,
      newTokenBase64,
      onWrite: (write) => this.#log.info(write, 'wrote'),
      onReconciled: (reconciled) => this.#reconciled(reconciled),
      readFailure: (error) => {
        const causes = causesOf(error);
        return {
          isOutage: causes.some(isOutage),
          isAway: causes.some(isAway),
          requestedPauseMs: requestedPauseMs(causes),
        };
      },
    });
    this.#term = { view, controller };
    try {
      await Promise.all([
        view.run(signal),
        view.untilSynced(signal).then(() => controller.run(signal)),
      ]);
    } finally {
      this.#term = undefined;
    }
  }

  #reconciled({ namespace, name, seconds, error, failures }: Reconciled): void {
    this.#metrics.observeReconcile(seconds, error === undefined ? 'success' : 'error');
    if (error === undefined) return;
    for (const cause of causesOf(error)) this.#report(cause, { namespace, name, failures });
  }

  /** Says what is wrong, once for the same cause in some minutes. */
  #report(
    thrown: unknown,
    about: { namespace?: string; name?: string; failures?: number } = {},
  ): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (error instanceof ApiError && isOfLeavingNamespace(error)) return;
    if (!this.#reported.isNew(causeOf(error, about), performance.now())) return;
    const { namespace, name, failures } = about;
    const fn = name === undefined ? {} : { function: `${namespace}/${name}`, failures };
    // What is no error of the cluster is one of ours, and found by where it came from.
    const details = error instanceof ApiError ? { kind: error.kind } : { stack: error.stack };
    this.#log.warn({ ...fn, ...details }, error.message);
  }

  #countFunctions(): Map<string, number> {
    return countBy(this.#cluster.source.functions(), (fn) => effectiveMode(fn.serving).mode);
  }

  #countProxies(): Map<string, number> | undefined {
    const view = this.#term?.view;
    if (view === undefined) return undefined;
    return countBy(view.proxies(), ({ namespace, functionName }) => {
      const fn = view.function(namespace, functionName);
      return fn === undefined ? undefined : effectiveMode(fn.serving).mode;
    });
  }

  #countMissedPods(): number | undefined {
    const view = this.#term?.view;
    if (view === undefined) return undefined;
    return missedPods([...view.functionPods()].map(({ pod }) => pod)).length;
  }
}

/** A reconcile that failed in several writes tells of all of them. */
function causesOf(error: Error): readonly unknown[] {
  return error instanceof AggregateError ? error.errors : [error];
}

/** A write finds nothing where its kind is not served, as while Dapr's CRDs are being removed. */
const generalKinds: ReadonlySet<ApiErrorKind> = new Set(['forbidden', 'unauthorized', 'not-found']);

/**
 * What makes two errors one trouble. A right or a kind that is missing, or an API
 * server that is away, is the same trouble for every Function.
 */
function causeOf(error: Error, { namespace, name }: { namespace?: string; name?: string }): string {
  if (!(error instanceof ApiError)) return `${namespace}/${name} ${error.message}`;
  const isGeneral = generalKinds.has(error.kind);
  if (isGeneral) return `${error.kind} ${error.request ?? ''}`;
  if (error.kind === 'unreachable' || error.kind === 'timeout') return error.kind;
  return `${namespace}/${name} ${error.message}`;
}

function countBy<Item>(
  items: Iterable<Item>,
  group: (item: Item) => string | undefined,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) {
    const name = group(item);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

import type { ProxySettings } from '../rules/proxy/proxy-settings.ts';
import { reconcileFailed } from '../rules/reconcile/notices.ts';
import type { ClusterView, ObjectWriter } from './cluster-view.ts';
import { EventRecorder } from './event-recorder.ts';
import type { ObjectWrite } from './execute-plan.ts';
import type { EventWriter } from './function-event.ts';
import { PodRepair, type PodRepairOptions } from './pod-repair.ts';
import { FunctionReconciler } from './reconcile-function.ts';
import { WorkQueue } from './work-queue.ts';

export interface ControllerOptions {
  readonly view: ClusterView;
  readonly writer: ObjectWriter;
  readonly writeEvent: EventWriter;
  readonly settings: ProxySettings;
  /** Functions that are reconciled at the same time. */
  readonly concurrency: number;
  /** Evicts pods that were not admitted; absent where they are only told of. */
  readonly repair?:
    | Pick<PodRepairOptions, 'evict' | 'perMinute' | 'onError' | 'requestedPauseMs'>
    | undefined;
  readonly newTokenBase64: () => string;
  readonly onWrite: (write: ObjectWrite) => void;
  readonly onReconciled: (reconciled: Reconciled) => void;
  /** What a reconcile that failed says of the API server. */
  readonly readFailure: (error: Error) => ReconcileFailure;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

/** What is to be known of a reconcile that failed, beside what to tell people. */
export interface ReconcileFailure {
  /** It may have failed because the API server could not be asked. */
  readonly isOutage: boolean;
  /** It surely did: no request at all would have fared better. */
  readonly isAway: boolean;
  /** How long the API server asks to be left alone. */
  readonly requestedPauseMs: number;
}

/** How the reconcile of one Function ended. */
export interface Reconciled {
  readonly namespace: string;
  readonly name: string;
  readonly seconds: number;
  /** Undefined when it succeeded. */
  readonly error: Error | undefined;
  /** In a row, this one included. */
  readonly failures: number;
}

/**
 * How long changes of a Function's pods are gathered. A rollout or a scaling makes
 * hundreds of them in a second, and each reconcile looks at all pods: one for each
 * would take longer the more pods there are.
 */
const podChangesMs = 200;

/**
 * While the API server is away nobody's backoff says anything of their own trouble.
 * This often somebody looks whether it is back.
 */
const longestRetryWhileAwayMs = 5_000;

/** Some failures in a second may be an API server that restarts; what lasts longer is told to the user. */
const failuresToTell = 12;

/**
 * The companion controller: keeps for every Function what the rules want, for as
 * long as it is told to. Whoever watches the cluster wakes it.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  readonly #events: EventRecorder;
  readonly #reconciler: FunctionReconciler;
  readonly #repair: PodRepair | undefined;
  /** Whether the API server was away when it was last asked. */
  #isAway = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { view, writer, writeEvent, settings, repair, newTokenBase64, onWrite } = options;
    const now = options.now ?? (() => performance.now());
    this.#events = new EventRecorder(writeEvent);
    this.#reconciler = new FunctionReconciler({
      ...{ view, writer, events: this.#events, settings, newTokenBase64, now, onWrite },
    });
    this.#repair =
      repair === undefined
        ? undefined
        : new PodRepair({ view, events: this.#events, now, ...repair });
    this.#queue = new WorkQueue({
      concurrency: options.concurrency,
      now,
      process: async (key, signal) => {
        const { namespace, name } = splitKey(key);
        try {
          return await this.#reconciler.reconcile(namespace, name, signal);
        } finally {
          // Its pods need their settings, whatever became of its objects.
          this.#repair?.consider(namespace, name);
        }
      },
      retryDelayMs: (error, backoffMs) => {
        const { isAway, requestedPauseMs } = options.readFailure(asError(error));
        const delayMs = isAway ? Math.min(backoffMs, longestRetryWhileAwayMs) : backoffMs;
        return Math.max(delayMs, requestedPauseMs);
      },
      onResult: ({ key, seconds, error, failures }) => {
        const failure = error === undefined ? undefined : asError(error);
        this.#notice(failure);
        const { namespace, name } = splitKey(key);
        options.onReconciled({ namespace, name, seconds, error: failure, failures });
        const fn = view.function(namespace, name);
        if (failure !== undefined && failures === failuresToTell && fn !== undefined) {
          this.#events.happened(fn, reconcileFailed(failure.message), '');
        }
      },
    });
  }

  /**
   * When the API server is back, nobody waits for the rest of a backoff: after an
   * outage of minutes that would be minutes more, in which Functions have no proxy.
   */
  #notice(failure: Error | undefined): void {
    if (failure !== undefined) {
      this.#isAway ||= this.#options.readFailure(failure).isOutage;
    } else if (this.#isAway) {
      this.#isAway = false;
      this.#queue.retryNow();
    }
  }

  /** Functions that wait for their turn. */
  get queueDepth(): number {
    return this.#queue.depth;
  }

  /** Something changed that a Function depends on. */
  wake(namespace: string, name: string): void {
    this.#queue.add(`${namespace}/${name}`);
  }

  /** Pods of a Function changed, and more may follow. */
  wakeSoon(namespace: string, name: string): void {
    this.#queue.addAfter(`${namespace}/${name}`, podChangesMs);
  }

  /** Anything may have changed. */
  wakeAll(): void {
    for (const { namespace, name } of this.#options.view.functions()) this.wake(namespace, name);
    // Of a Function that went while nobody watched, nobody tells.
    for (const { namespace, name } of this.#reconciler.known()) this.wake(namespace, name);
  }

  /** Works until the signal aborts; nothing is written after that. Resolves when all of it ended. */
  async run(signal: AbortSignal): Promise<void> {
    this.wakeAll();
    await Promise.all([
      this.#queue.run(signal),
      this.#events.run(signal),
      this.#repair?.run(signal),
    ]);
  }
}

/** Neither namespaces nor names hold a slash. */
function splitKey(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/', 2);
  return { namespace, name };
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

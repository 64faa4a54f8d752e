import type { ProxySettings } from '../rules/proxy/proxy-settings.ts';
import { planFunction } from '../rules/reconcile/plan.ts';
import type { ClusterView } from './cluster-view.ts';
import type { EventRecorder } from './event-recorder.ts';
import { PlanExecutor, type PlanExecutorOptions } from './execute-plan.ts';
import { observeFunction } from './observe-function.ts';
import { OutcomeReporter } from './report-outcome.ts';

export interface FunctionReconcilerOptions extends PlanExecutorOptions {
  readonly view: ClusterView;
  readonly events: EventRecorder;
  readonly settings: ProxySettings;
  /** A fresh random token, in base64, for a Secret that is not there yet. */
  readonly newTokenBase64: () => string;
}

/** What came of a reconcile that did not fail. */
export interface ReconcileResult {
  /** Something may change that nobody tells of: look again after this time. */
  readonly requeueAfterMs?: number;
}

/** One Function, from what is observed to what is wanted: observe, plan, execute, report. */
export class FunctionReconciler {
  readonly #options: FunctionReconcilerOptions;
  readonly #executor: PlanExecutor;
  readonly #reporter: OutcomeReporter;
  readonly #uids = new Map<string, string>();

  constructor(options: FunctionReconcilerOptions) {
    this.#options = options;
    this.#executor = new PlanExecutor(options);
    this.#reporter = new OutcomeReporter(options.events);
  }

  /** @throws AggregateError of everything that failed; the signal's reason once it aborts */
  async reconcile(namespace: string, name: string, signal: AbortSignal): Promise<ReconcileResult> {
    const { view, settings, newTokenBase64 } = this.#options;
    const fn = view.function(namespace, name);
    this.#remember(`${namespace}/${name}`, fn?.uid);
    // What was kept for it is garbage collected with it.
    if (fn?.uid === undefined) return {};
    const observation = await observeFunction(fn, view, signal);
    const plan = planFunction(
      fn,
      observation.around,
      { ...observation.facts, newTokenBase64: newTokenBase64() },
      settings,
      (observed, wanted) => this.#executor.isAccepted(observed, wanted),
    );
    const outcome = await this.#executor.execute(fn, plan, signal);
    const errors = [...observation.errors, ...outcome.errors];
    this.#reporter.report(fn, plan, observation.around.objects, outcome, errors.length === 0);
    if (errors.length > 0) {
      throw new AggregateError(errors, errors.map((error) => error.message).join('; '));
    }
    const { requeueAfterMs } = outcome;
    return requeueAfterMs === undefined ? {} : { requeueAfterMs };
  }

  /** Functions that something is remembered of, those that are gone included. */
  *known(): Generator<{ namespace: string; name: string }> {
    for (const key of this.#uids.keys()) {
      const [namespace = '', name = ''] = key.split('/', 2);
      yield { namespace, name };
    }
  }

  /** A Function that is made anew under its name is another one. */
  #remember(key: string, uid: string | undefined): void {
    const before = this.#uids.get(key);
    if (before === uid) return;
    if (before !== undefined) {
      this.#executor.forget(before);
      this.#reporter.forget(before);
    }
    if (uid === undefined) this.#uids.delete(key);
    else this.#uids.set(key, uid);
  }
}

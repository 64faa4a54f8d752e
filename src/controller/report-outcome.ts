import type { FunctionModel } from '../api/function.ts';
import type { EffectiveMode } from '../rules/effective-mode.ts';
import { modeChanged } from '../rules/reconcile/notices.ts';
import { isOurs, type ObservedObject } from '../rules/reconcile/observed-object.ts';
import type { Plan } from '../rules/reconcile/plan.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { PlanOutcome } from './plan-outcome.ts';

/** Tells the users of Functions what came of reconciling them. */
export class OutcomeReporter {
  readonly #events: EventRecorder;
  /** By uid of the Function: the mode it was last seen in. */
  readonly #modes = new Map<string, EffectiveMode>();

  constructor(events: EventRecorder) {
    this.#events = events;
  }

  /**
   * @param objects what was kept before
   * @param isAll whether everything could be looked at and carried out: otherwise
   * something may have kept a notice from being found again
   */
  report(
    fn: FunctionModel,
    plan: Plan,
    objects: readonly ObservedObject[],
    { notices, happenings }: PlanOutcome,
    isAll: boolean,
  ): void {
    this.#reportMode(fn, plan, objects);
    for (const { notice, about } of happenings) this.#events.happened(fn, notice, about);
    this.#events.holds(fn, [...plan.notices, ...notices], isAll);
  }

  /** The Function is gone. */
  forget(uid: string): void {
    this.#modes.delete(uid);
    this.#events.forget(uid);
  }

  /** Says when a Function changes its mode. One that was never seen before tells by what is kept for it. */
  #reportMode(fn: FunctionModel, { mode }: Plan, objects: readonly ObservedObject[]): void {
    const uid = fn.uid ?? '';
    const proxy = objects.find((one) => one.kind === 'Deployment' && isOurs(one, fn));
    const before = this.#modes.get(uid) ?? (proxy === undefined ? undefined : 'standalone');
    this.#modes.set(uid, mode);
    if (before === undefined || before === mode) return;
    this.#events.happened(fn, modeChanged(before, mode), proxy?.uid ?? '');
  }
}

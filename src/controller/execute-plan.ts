import type { FunctionModel } from '../api/function.ts';
import { asObject } from '../api/json.ts';
import type { EffectiveMode } from '../rules/effective-mode.ts';
import {
  changedByOthers,
  nameTaken,
  proxyCreated,
  proxyRemoved,
} from '../rules/reconcile/notices.ts';
import { isOurs, isPredecessors, type ObservedObject } from '../rules/reconcile/observed-object.ts';
import type { ApplyStep, DeleteStep, Plan, PlanStep } from '../rules/reconcile/plan.ts';
import { AcceptedObjects } from './accepted-objects.ts';
import type { ObjectWriter } from './cluster-view.ts';
import { objectKey } from './object-key.ts';
import { PlanOutcome } from './plan-outcome.ts';
import { RepairGuard } from './repair-guard.ts';

export interface PlanExecutorOptions {
  readonly writer: ObjectWriter;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly onWrite: (write: ObjectWrite) => void;
}

/** One change to the cluster, and why it was made. */
export interface ObjectWrite {
  readonly verb: 'apply' | 'delete';
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
}

/**
 * An object that is not ours is not watched; its name is looked at this often.
 * That goes for Dapr's as well: it stays for as long as the workload it was made for.
 */
const takenRecheckMs = 30_000;

/** Whoever was faster is to be seen at once. */
const lostRaceRecheckMs = 1_000;

/** Garbage collection takes an object away shortly after its owner, be that an earlier Function or a proxy. */
const leavingRecheckMs = 5_000;

/** Carries plans out. What fails for one object does not keep the others from being written. */
export class PlanExecutor {
  readonly #options: PlanExecutorOptions;
  readonly #guard: RepairGuard;
  readonly #accepted = new AcceptedObjects();

  constructor(options: PlanExecutorOptions) {
    this.#options = options;
    this.#guard = new RepairGuard(options.now);
  }

  /** @throws the signal's reason once it aborts; everything else is in the outcome */
  async execute(fn: FunctionModel, plan: Plan, signal: AbortSignal): Promise<PlanOutcome> {
    const outcome = new PlanOutcome();
    if (plan.notices.some(({ reason }) => reason === 'NameTaken')) outcome.requeue(takenRecheckMs);
    for (const step of plan.steps) {
      if (step.verb !== 'delete' && this.#guard.isContested(keyOfStep(fn, step))) {
        outcome.notices.push(changedByOthers(step.kind, step.name));
      }
      if (step.verb === 'keep') continue;
      signal.throwIfAborted();
      try {
        if (step.verb === 'delete') await this.#delete(fn, step, plan.mode, outcome, signal);
        else await this.#write(fn, step, outcome, signal);
      } catch (error) {
        signal.throwIfAborted();
        outcome.errors.push(error as Error);
      }
    }
    return outcome;
  }

  /** Whether the API server, given the wanted object, made the observed one of it. */
  isAccepted(observed: ObservedObject, wanted: string): boolean {
    return this.#accepted.has(observed, wanted);
  }

  /** The Function is gone. */
  forget(uid: string): void {
    this.#accepted.forget(uid);
  }

  /** Makes an object or puts it back, unless that was in vain again and again. */
  async #write(
    fn: FunctionModel,
    step: ApplyStep,
    outcome: PlanOutcome,
    signal: AbortSignal,
  ): Promise<void> {
    const key = keyOfStep(fn, step);
    // A token is another one each time.
    const wanted = step.kind === 'Secret' ? (fn.uid ?? '') : step.wanted;
    const delayMs = this.#guard.delayMs(key, wanted);
    if (delayMs > 0) return outcome.requeue(delayMs);
    const made =
      step.observed === undefined
        ? await this.#make(fn, step, outcome, signal)
        : await this.#repair(fn, step, step.observed, signal);
    if (made === undefined) return;
    this.#guard.wrote(key, wanted);
    this.#accepted.wrote(fn, step.wanted, made);
    const { kind, name, reason } = step;
    this.#options.onWrite({ verb: 'apply', kind, namespace: fn.namespace, name, reason });
  }

  /** Makes an object; undefined where its name belongs to somebody else. */
  async #make(
    fn: FunctionModel,
    step: ApplyStep,
    outcome: PlanOutcome,
    signal: AbortSignal,
  ): Promise<ObservedObject | undefined> {
    const { writer } = this.#options;
    const { kind, name, object } = step;
    const applicable = { kind, namespace: fn.namespace, name, object };
    const existing = await writer.find(kind, fn.namespace, name, signal);
    if (existing !== undefined) {
      if (existing.isDeleting || isPredecessors(existing, fn)) outcome.requeue(leavingRecheckMs);
      // Whoever holds the token keeps it; a watch may have yet to tell of it.
      else if (isOurs(existing, fn) && kind === 'Secret') outcome.requeue(takenRecheckMs);
      // Somebody took the label away by which it is seen.
      else if (isOurs(existing, fn)) return this.#repair(fn, step, existing, signal);
      else if (existing.isDaprs) outcome.requeue(takenRecheckMs);
      else noteTaken(kind, name, existing, outcome);
      return undefined;
    }
    // Somebody may have been faster: a token is never written over, and without force nothing of theirs is changed.
    if (kind === 'Secret') {
      const made = await writer.create(applicable, signal);
      if (made === undefined) outcome.requeue(lostRaceRecheckMs);
      return made;
    }
    const made = await writer.apply(applicable, false, signal);
    if (kind === 'Deployment') {
      outcome.happenings.push({ notice: proxyCreated(name), about: made.uid });
    }
    return made;
  }

  /** Puts an object back as it is wanted. */
  #repair(
    fn: FunctionModel,
    { kind, name, object }: ApplyStep,
    { uid }: ObservedObject,
    signal: AbortSignal,
  ): Promise<ObservedObject> {
    // With its uid the API server refuses to change what somebody else made under its name meanwhile.
    const metadata = { ...asObject(object['metadata']), uid };
    const applicable = { kind, namespace: fn.namespace, name, object: { ...object, metadata } };
    return this.#options.writer.apply(applicable, true, signal);
  }

  async #delete(
    fn: FunctionModel,
    { kind, name, observed, reason }: DeleteStep,
    mode: EffectiveMode,
    outcome: PlanOutcome,
    signal: AbortSignal,
  ): Promise<void> {
    const { writer, onWrite } = this.#options;
    await writer.delete(observed, signal);
    this.#accepted.delete(observed);
    this.#guard.forget(objectKey(observed));
    onWrite({ verb: 'delete', kind, namespace: fn.namespace, name, reason });
    if (kind !== 'Deployment') return;
    outcome.happenings.push({ notice: proxyRemoved(name), about: observed.uid });
    // Dapr's operator made the Service of its app-id for it, which goes with it: then ours is wanted.
    if (mode === 'sidecar') outcome.requeue(leavingRecheckMs);
  }
}

function noteTaken(
  kind: PlanStep['kind'],
  name: string,
  by: Pick<ObservedObject, 'owner'>,
  outcome: PlanOutcome,
): void {
  outcome.notices.push(nameTaken(kind, name, by));
  outcome.requeue(takenRecheckMs);
}

function keyOfStep({ namespace }: FunctionModel, { kind, name }: PlanStep): string {
  return objectKey({ kind, namespace, name });
}

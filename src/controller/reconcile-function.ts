import type { FunctionModel } from '../api/function.ts';
import { asObject } from '../api/json.ts';
import type { EffectiveMode } from '../rules/effective-mode.ts';
import { effectiveMode } from '../rules/effective-mode.ts';
import { appIdOf } from '../rules/names.ts';
import type { ProxySettings } from '../rules/proxy/proxy-settings.ts';
import type { Notice } from '../rules/reconcile/notice.ts';
import {
  changedByOthers,
  modeChanged,
  nameTaken,
  proxyCreated,
  proxyRemoved,
} from '../rules/reconcile/notices.ts';
import { isOurs, isPredecessors, type ObservedObject } from '../rules/reconcile/observed-object.ts';
import {
  type ApplyStep,
  type DeleteStep,
  type Plan,
  type PlanStep,
  planFunction,
} from '../rules/reconcile/plan.ts';
import type { ClusterView, ObjectWriter } from './cluster-view.ts';
import type { EventRecorder } from './event-recorder.ts';
import { RepairGuard } from './repair-guard.ts';

export interface FunctionReconcilerOptions {
  readonly view: ClusterView;
  readonly writer: ObjectWriter;
  readonly events: EventRecorder;
  readonly settings: ProxySettings;
  /** A fresh random token, in base64, for a Secret that is not there yet. */
  readonly newTokenBase64: () => string;
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

/** What came of a reconcile that did not fail. */
export interface ReconcileResult {
  /** Something may change that nobody tells of: look again after this time. */
  readonly requeueAfterMs?: number;
}

/**
 * An object that is not ours is not watched; its name is looked at this often.
 * That goes for Dapr's as well: it stays for as long as the workload it was made for.
 */
const takenRecheckMs = 30_000;

/** A watch tells of an object of ours by then. */
const firstTakenRecheckMs = 1_000;

/** Garbage collection takes an object away shortly after its owner, be that an earlier Function or a proxy. */
const leavingRecheckMs = 5_000;

/** What the API server made of a wanted object, where that is something else. */
interface Accepted {
  readonly functionUid: string;
  readonly wanted: string;
  readonly made: string | undefined;
}

/** One Function, from what is observed to what is wanted. */
export class FunctionReconciler {
  readonly #options: FunctionReconcilerOptions;
  readonly #guard: RepairGuard;
  /** By object: what was wanted when it was written, and what the API server made of that. */
  readonly #accepted = new Map<string, Accepted>();
  /** By uid of the Function. */
  readonly #modes = new Map<string, EffectiveMode>();
  readonly #uids = new Map<string, string>();
  /** Uids of the Functions whose Secret was there already when it was to be made. */
  readonly #takenSecrets = new Set<string>();

  constructor(options: FunctionReconcilerOptions) {
    this.#options = options;
    this.#guard = new RepairGuard(options.now);
  }

  /**
   * Gathers, decides, acts. What fails for one object does not keep the others
   * from being written.
   *
   * @throws AggregateError of everything that failed; the signal's reason once it aborts
   */
  async reconcile(namespace: string, name: string, signal: AbortSignal): Promise<ReconcileResult> {
    const { view, settings, events, newTokenBase64 } = this.#options;
    const key = `${namespace}/${name}`;
    const fn = view.function(namespace, name);
    this.#remember(key, fn?.uid);
    // What was kept for it is garbage collected with it.
    if (fn?.uid === undefined) return {};
    const outcome = new Outcome();
    const hasAnnotatedWorkload = await this.#leavesServiceToDapr(fn, outcome, signal);
    const around = view.surroundings(fn);
    const plan = planFunction(
      fn,
      around,
      { ...view.contextFacts(fn), hasAnnotatedWorkload, newTokenBase64: newTokenBase64() },
      settings,
      (observed, wanted) => this.#isAccepted(observed, wanted),
    );
    this.#noteMode(fn, plan, around.objects);
    await this.#act(fn, plan, outcome, signal);
    const { notices, errors, requeueAfterMs } = outcome;
    // What failed may have kept a notice from being found again.
    events.holds(fn, [...plan.notices, ...notices], errors.length === 0);
    if (errors.length > 0) {
      throw new AggregateError(errors, errors.map((error) => error.message).join('; '));
    }
    return requeueAfterMs === undefined ? {} : { requeueAfterMs };
  }

  /** Functions that something is remembered of, those that are gone included. */
  *known(): Generator<{ namespace: string; name: string }> {
    for (const key of this.#uids.keys()) {
      const [namespace = '', name = ''] = key.split('/', 2);
      yield { namespace, name };
    }
  }

  /**
   * Whether Dapr's operator makes the Service of sidecar mode. Where that cannot be
   * told, it is as if nothing had changed: ours stays, and none is made.
   */
  async #leavesServiceToDapr(
    fn: FunctionModel,
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { view } = this.#options;
    if (fn.isDeleting || effectiveMode(fn.serving).mode !== 'sidecar') return false;
    try {
      return await view.hasAnnotatedWorkload(fn, signal);
    } catch (error) {
      signal.throwIfAborted();
      outcome.errors.push(error as Error);
      const name = `${appIdOf(fn)}-dapr`;
      return !view
        .surroundings(fn)
        .objects.some((one) => one.kind === 'Service' && one.name === name && isOurs(one, fn));
    }
  }

  async #act(fn: FunctionModel, plan: Plan, outcome: Outcome, signal: AbortSignal): Promise<void> {
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
  }

  /** Makes an object or puts it back, unless that was in vain again and again. */
  async #write(
    fn: FunctionModel,
    step: ApplyStep,
    outcome: Outcome,
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
    this.#wrote(fn, step, made);
  }

  /** Makes an object; undefined where its name belongs to somebody else. */
  async #make(
    fn: FunctionModel,
    step: ApplyStep,
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<ObservedObject | undefined> {
    const { writer, events } = this.#options;
    const { kind, name, object } = step;
    const applicable = { kind, namespace: fn.namespace, name, object };
    if (kind === 'Secret') {
      // A Secret is never read: it is made, or it is there.
      const made = await writer.create(applicable, signal);
      if (made === undefined) this.#noteTakenSecret(fn, name, outcome);
      return made;
    }
    const existing = await writer.find(kind, fn.namespace, name, signal);
    if (existing !== undefined) {
      if (existing.isDeleting || isPredecessors(existing, fn)) outcome.requeue(leavingRecheckMs);
      // Somebody took the label away by which it is seen.
      else if (isOurs(existing, fn)) return this.#repair(fn, step, existing, signal);
      else if (existing.isDaprs) outcome.requeue(takenRecheckMs);
      else outcome.taken(nameTaken(kind, name, existing));
      return undefined;
    }
    // Somebody may have been faster: without force nothing of theirs is changed.
    const made = await writer.apply(applicable, false, signal);
    if (kind === 'Deployment') events.happened(fn, proxyCreated(name), made.uid);
    return made;
  }

  /** It may be ours: the answer to an earlier attempt got lost, and the watch has yet to tell. */
  #noteTakenSecret(fn: FunctionModel, name: string, outcome: Outcome): void {
    const uid = fn.uid ?? '';
    if (this.#takenSecrets.has(uid)) outcome.taken(nameTaken('Secret', name, { owner: undefined }));
    else outcome.requeue(firstTakenRecheckMs);
    this.#takenSecrets.add(uid);
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
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<void> {
    const { writer, events, onWrite } = this.#options;
    await writer.delete(observed, signal);
    this.#accepted.delete(keyOf(observed));
    this.#guard.forget(keyOf(observed));
    onWrite({ verb: 'delete', kind, namespace: fn.namespace, name, reason });
    if (kind !== 'Deployment') return;
    events.happened(fn, proxyRemoved(name), observed.uid);
    // Dapr's operator made the Service of its app-id for it, which goes with it: then ours is wanted.
    if (mode === 'sidecar') outcome.requeue(leavingRecheckMs);
  }

  #wrote(fn: FunctionModel, { kind, name, wanted, reason }: ApplyStep, made: ObservedObject): void {
    const key = keyOf(made);
    // API servers may store something else than they were given: what they left out, or a webhook changed.
    if (made.fingerprint === wanted) this.#accepted.delete(key);
    else {
      this.#accepted.set(key, { functionUid: fn.uid ?? '', wanted, made: made.fingerprint });
    }
    this.#options.onWrite({ verb: 'apply', kind, namespace: fn.namespace, name, reason });
  }

  #isAccepted(observed: ObservedObject, wanted: string): boolean {
    const accepted = this.#accepted.get(keyOf(observed));
    return (
      accepted !== undefined && accepted.wanted === wanted && accepted.made === observed.fingerprint
    );
  }

  /** Says when a Function changes its mode. One that was never seen before tells by what is kept for it. */
  #noteMode(fn: FunctionModel, { mode }: Plan, objects: readonly ObservedObject[]): void {
    const uid = fn.uid ?? '';
    const proxy = objects.find((one) => one.kind === 'Deployment' && isOurs(one, fn));
    const before = this.#modes.get(uid) ?? (proxy === undefined ? undefined : 'standalone');
    this.#modes.set(uid, mode);
    if (before === undefined || before === mode) return;
    this.#options.events.happened(fn, modeChanged(before, mode), proxy?.uid ?? '');
  }

  /** A Function that is made anew under its name is another one. */
  #remember(key: string, uid: string | undefined): void {
    const before = this.#uids.get(key);
    if (before === uid) return;
    if (before !== undefined) {
      this.#modes.delete(before);
      this.#takenSecrets.delete(before);
      for (const [object, { functionUid }] of this.#accepted) {
        if (functionUid === before) this.#accepted.delete(object);
      }
      this.#options.events.forget(before);
    }
    if (uid === undefined) this.#uids.delete(key);
    else this.#uids.set(key, uid);
  }
}

/** What acting on a plan came to. */
class Outcome {
  readonly notices: Notice[] = [];
  readonly errors: Error[] = [];
  requeueAfterMs: number | undefined;

  taken(notice: Notice): void {
    this.notices.push(notice);
    this.requeue(takenRecheckMs);
  }

  requeue(delayMs: number): void {
    this.requeueAfterMs = Math.min(delayMs, this.requeueAfterMs ?? delayMs);
  }
}

type ObjectAddress = Pick<ObservedObject, 'kind' | 'namespace' | 'name'>;

function keyOf({ kind, namespace, name }: ObjectAddress): string {
  return `${kind}/${namespace}/${name}`;
}

function keyOfStep({ namespace }: FunctionModel, { kind, name }: PlanStep): string {
  return keyOf({ kind, namespace, name });
}

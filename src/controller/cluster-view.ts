import type { FunctionModel } from '../api/function.ts';
import type { JsonObject } from '../api/json.ts';
import type { ContextFacts } from '../rules/context/function-context.ts';
import type { ManagedKind } from '../rules/reconcile/managed-kinds.ts';
import type { ObservedObject } from '../rules/reconcile/observed-object.ts';
import type { ObservedPod } from '../rules/reconcile/observed-pod.ts';
import type { FunctionSurroundings } from '../rules/reconcile/plan.ts';

/** What the controller sees of the cluster; all but what takes a signal answers from memory. */
export interface ClusterView {
  functions(): Iterable<FunctionModel>;
  function(namespace: string, name: string): FunctionModel | undefined;
  /** What decides the component names in the Function's contexts. */
  contextFacts(fn: FunctionModel): ContextFacts;
  surroundings(fn: FunctionModel): FunctionSurroundings;
  /** A function pod that has not ended, and the Function that it belongs to. */
  pod(namespace: string, name: string): { pod: ObservedPod; fn: FunctionModel } | undefined;
  /** Whether a workload's template makes Dapr's operator serve the Function's app-id. */
  hasAnnotatedWorkload(fn: FunctionModel, signal: AbortSignal): Promise<boolean>;
}

/**
 * Changes objects in the cluster, as one field manager. Every method rejects with
 * an error whose message says what could not be done, to what, and why.
 */
export interface ObjectWriter {
  /** The object of that name as the cluster has it, whoever made it; without its fingerprint. */
  find(
    kind: ManagedKind,
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<ObservedObject | undefined>;
  /**
   * Server-side apply.
   *
   * @param force takes fields back that others changed; without it a field of
   * somebody else's is a conflict, and nothing is changed
   */
  apply(object: ApplicableObject, force: boolean, signal: AbortSignal): Promise<ObservedObject>;
  /** Makes an object that is not there; undefined when one of that name is. */
  create(object: ApplicableObject, signal: AbortSignal): Promise<ObservedObject | undefined>;
  /** Deletes just this object: neither a successor of its name nor one that is gone is an error. */
  delete(observed: ObservedObject, signal: AbortSignal): Promise<void>;
}

/** A wanted object with what its path is made of. */
export interface ApplicableObject {
  readonly kind: ManagedKind;
  readonly namespace: string;
  readonly name: string;
  readonly object: JsonObject;
}

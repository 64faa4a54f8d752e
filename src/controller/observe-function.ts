import type { FunctionModel } from '../api/function.ts';
import type { ContextFacts } from '../rules/context/function-context.ts';
import { effectiveMode } from '../rules/effective-mode.ts';
import { appIdOf } from '../rules/names.ts';
import { isOurs } from '../rules/reconcile/observed-object.ts';
import type { FunctionSurroundings } from '../rules/reconcile/plan.ts';
import type { ClusterView } from './cluster-view.ts';

/** All that the rules have to know of the cluster to plan for one Function. */
export interface FunctionObservation {
  readonly around: FunctionSurroundings;
  readonly facts: ContextFacts & { readonly hasAnnotatedWorkload: boolean };
  /** What could not be looked at; the rest says then that nothing changed. */
  readonly errors: readonly Error[];
}

/**
 * Looks at what there is around a Function.
 *
 * @throws the signal's reason once it aborts
 */
export async function observeFunction(
  fn: FunctionModel,
  view: ClusterView,
  signal: AbortSignal,
): Promise<FunctionObservation> {
  const errors: Error[] = [];
  const hasAnnotatedWorkload = await leavesServiceToDapr(fn, view, errors, signal);
  return {
    // Last: what happened while the workloads were listed is in it.
    around: view.surroundings(fn),
    facts: { ...view.contextFacts(fn), hasAnnotatedWorkload },
    errors,
  };
}

/**
 * Whether Dapr's operator makes the Service of sidecar mode. Where that cannot be
 * told, it is as if nothing had changed: ours stays, and none is made.
 */
async function leavesServiceToDapr(
  fn: FunctionModel,
  view: ClusterView,
  errors: Error[],
  signal: AbortSignal,
): Promise<boolean> {
  if (fn.isDeleting || effectiveMode(fn.serving).mode !== 'sidecar') return false;
  try {
    return await view.hasAnnotatedWorkload(fn, signal);
  } catch (error) {
    signal.throwIfAborted();
    errors.push(error as Error);
    const name = `${appIdOf(fn)}-dapr`;
    return !view
      .surroundings(fn)
      .objects.some((one) => one.kind === 'Service' && one.name === name && isOurs(one, fn));
  }
}

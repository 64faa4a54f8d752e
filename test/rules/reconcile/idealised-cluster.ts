import type { FunctionModel } from '../../../src/api/function.ts';
import type { DesiredFacts } from '../../../src/rules/proxy/desired-objects.ts';
import type { ProxySettings } from '../../../src/rules/proxy/proxy-settings.ts';
import type { ObservedObject } from '../../../src/rules/reconcile/observed-object.ts';
import {
  type FunctionSurroundings,
  type Plan,
  type PlanStep,
  planFunction,
} from '../../../src/rules/reconcile/plan.ts';
import { desiredFacts, proxySettings } from '../../support/desired.ts';
import { deepFreeze } from '../../support/json.ts';
import { observedObject } from '../../support/observed.ts';

/** What decides a plan beside the Function; what is left out is as in a cluster without any trouble. */
export interface Circumstances extends Partial<FunctionSurroundings> {
  readonly facts?: Partial<DesiredFacts>;
  readonly settings?: Partial<ProxySettings>;
  readonly isAccepted?: (observed: ObservedObject, wanted: string) => boolean;
}

/** The plan for a Function; whoever changes what it is given fails. */
export function planFor(fn: FunctionModel, around: Circumstances = {}): Plan {
  const { facts, settings, isAccepted, ...surroundings } = around;
  return planFunction(
    deepFreeze(fn),
    deepFreeze({
      ...{ objects: [], pods: [], openFunctionProxy: undefined, componentsAreServed: true },
      ...surroundings,
    }),
    { ...desiredFacts, ...facts },
    { ...proxySettings, ...settings },
    isAccepted,
  );
}

/** The objects of a cluster in which every write succeeds, and makes just what was to be made. */
export function carriedOut(
  fn: FunctionModel,
  objects: readonly ObservedObject[],
  plan: Plan,
): ObservedObject[] {
  const after = new Map(objects.map((one) => [titleOf(one), one]));
  for (const step of plan.steps) {
    if (step.verb === 'delete') after.delete(titleOf(step));
    if (step.verb !== 'apply') continue;
    const { kind, name, wanted } = step;
    const before = step.observed ?? observedObject(fn, kind, name);
    after.set(titleOf(step), { ...before, fingerprint: wanted });
  }
  return [...after.values()];
}

/** What is in the cluster when everything that is wanted for a Function was made. */
export function converged(fn: FunctionModel, around: Circumstances = {}): ObservedObject[] {
  return carriedOut(fn, [], planFor(fn, { ...around, objects: [] }));
}

/** `Kind/name`. */
export function titleOf({ kind, name }: Pick<ObservedObject, 'kind' | 'name'>): string {
  return `${kind}/${name}`;
}

/** Steps as `verb Kind/name`, in order. */
export function stepsOf(plan: Plan): string[] {
  return plan.steps.map((step) => `${step.verb} ${titleOf(step)}`);
}

/** The same without what stays as it is. */
export function changesOf(plan: Plan): string[] {
  return stepsOf(plan).filter((step) => !step.startsWith('keep'));
}

export function reasonsOf(plan: Plan): string[] {
  return plan.notices.map(({ reason }) => reason);
}

/** The step about an object, where the test cannot go on without one. */
export function stepOn(plan: Plan, title: string): PlanStep {
  const found = plan.steps.find((step) => titleOf(step) === title);
  if (found === undefined) throw new Error(`no step on ${title}, only ${stepsOf(plan).join(', ')}`);
  return found;
}

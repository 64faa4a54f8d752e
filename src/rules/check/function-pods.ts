import type { FunctionModel } from '../../api/function.ts';
import type { ServingReference } from '../../api/serving.ts';
import type { ObservedPod } from '../reconcile/observed-pod.ts';
import { missedPods } from '../reconcile/observed-pod.ts';
import { type Finding, ok, type Question, warning } from './finding.ts';
import { count, listNames } from './list-names.ts';
import { allFound, type LookedUp, unanswered } from './looked-up.ts';

/** What is known of function pods. */
export interface FunctionPodFacts {
  /** Those that have not ended. */
  readonly pods: LookedUp<readonly ObservedPod[]>;
  readonly functions: LookedUp<readonly FunctionModel[]>;
  readonly servings: LookedUp<readonly ServingReference[]>;
}

const question: Question = {
  id: 'pods-admitted',
  section: 'functions',
  title: 'every function pod was admitted',
};

/** Are there function pods that were made while the webhook was away? */
export function functionPods(facts: FunctionPodFacts): Finding {
  const { pods, functions, servings } = facts;
  const known = allFound({ pods, functions, servings });
  if (known.kind !== 'found') return unanswered(question, known);
  const functionNames = new Set(known.value.functions.map(keyOf));
  const servedBy = new Map(known.value.servings.map((one) => [keyOf(one), one.function]));
  const isFunctionPod = ({ namespace, claim }: ObservedPod): boolean => {
    const name =
      claim.kind === 'function' ? claim.name : servedBy.get(keyOf({ namespace, name: claim.name }));
    return name !== undefined && functionNames.has(keyOf({ namespace, name }));
  };
  // Nobody admits a Pod whose Function is not there.
  const own = known.value.pods.filter(isFunctionPod);
  const missed = missedPods(own).map(keyOf).toSorted();
  if (missed.length === 0) return ok(question, count(own.length, 'pod'));
  return warning(
    question,
    `${count(missed.length, 'was not', 'were not')} of ${own.length}: ${listNames(missed)}`,
    'They were made while the webhook was away, and may lack what they need for Dapr. Delete them, so that they are made anew, or let the controller do so with --repair-missed-pods.',
  );
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

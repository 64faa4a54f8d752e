import type { FunctionModel } from '../api/function.ts';
import type { JsonObject } from '../api/json.ts';
import { BaasLabel, OpenFunctionLabel } from '../api/keys.ts';
import { admitPod } from '../rules/pod/pod-admission.ts';
import type { PodSettings } from '../rules/pod/pod-environment.ts';
import { type PodClaim, podClaim, servingOfPod } from '../rules/pod/pod-function.ts';
import { skipReasonOf } from '../rules/pod/pod-skip.ts';
import { findFunction } from './find-function.ts';
import type { FunctionSource } from './function-source.ts';
import { type Reviewer, type ReviewOutcome, skipped } from './review-outcome.ts';

export interface PodReviewSettings extends PodSettings {
  readonly excludedNamespaces: ReadonlySet<string>;
}

/**
 * `POST /mutate/pods`: brings a function pod into its Function's mode. Never
 * denies: what is wrong or unknown is admitted as it is, with a warning.
 */
export function podMutator(source: FunctionSource, settings: PodReviewSettings): Reviewer {
  return (request) => {
    const { object: pod, namespace } = request;
    if (request.operation !== 'CREATE' || request.subResource !== '') return skipped('not-ours');
    if (pod === undefined || pod['kind'] !== 'Pod' || pod['apiVersion'] !== 'v1') {
      return skipped('not-ours');
    }
    const reason = skipReasonOf(pod, namespace, settings.excludedNamespaces);
    if (reason !== undefined) return skipped(reason);
    const claim = podClaim(pod);
    if (claim === undefined) return skipped('not-a-function-pod');

    const review = (fn: FunctionModel | undefined): ReviewOutcome =>
      fn === undefined
        ? unknownFunction(namespace, claim)
        : admitTo(fn, pod, namespace, source, settings);
    const found = findFunction(source, namespace, claim);
    return found instanceof Promise ? found.then(review) : review(found);
  };
}

function unknownFunction(namespace: string, claim: PodClaim): ReviewOutcome {
  const warning = `no Function found in namespace "${namespace}" for the label ${OpenFunctionLabel[claim.kind]}="${claim.name}"; the Pod is admitted unchanged. Create the Function first, or set the label ${BaasLabel.inject} to "disabled"`;
  const functionName = claim.kind === 'function' ? claim.name : undefined;
  return skipped('function-not-found', [warning], functionName);
}

function admitTo(
  fn: FunctionModel,
  pod: JsonObject,
  namespace: string,
  source: FunctionSource,
  settings: PodReviewSettings,
): ReviewOutcome {
  const facts = {
    servings: preferredServings(servingOfPod(pod), source.servingsOf(namespace, fn.name)),
    components: source.components(namespace),
  };
  const { patch, warnings, mode, invalidAnnotations } = admitPod(pod, fn, facts, settings);
  const outcome = patch.length === 0 ? 'unchanged' : 'patched';
  return { answer: { patch, warnings }, outcome, functionName: fn.name, mode, invalidAnnotations };
}

/** While a Function is updated it has two Servings; a Pod's own comes first. */
function preferredServings(own: string | undefined, all: readonly string[]): readonly string[] {
  if (own === undefined) return all;
  return [own, ...all.filter((serving) => serving !== own)];
}

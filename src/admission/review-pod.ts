import { BaasLabel, OpenFunctionLabel } from '../api/keys.ts';
import { admitPod } from '../rules/pod/pod-admission.ts';
import type { PodSettings } from '../rules/pod/pod-environment.ts';
import { podClaim, servingOfPod } from '../rules/pod/pod-function.ts';
import { skipReasonOf } from '../rules/pod/pod-skip.ts';
import { findFunction } from './find-function.ts';
import type { FunctionSource } from './function-source.ts';
import { type Reviewer, skipped } from './review-outcome.ts';

export interface PodReviewSettings extends PodSettings {
  readonly excludedNamespaces: ReadonlySet<string>;
}

/**
 * `POST /mutate/pods`: brings a function pod into its Function's mode. Never
 * denies: what is wrong or unknown is admitted as it is, with a warning.
 */
export function podMutator(source: FunctionSource, settings: PodReviewSettings): Reviewer {
  return async (request) => {
    const { object: pod, namespace } = request;
    if (request.operation !== 'CREATE' || request.subResource !== '') return skipped('not-ours');
    if (pod === undefined || pod['kind'] !== 'Pod' || pod['apiVersion'] !== 'v1') {
      return skipped('not-ours');
    }
    const reason = skipReasonOf(pod, namespace, settings.excludedNamespaces);
    if (reason !== undefined) return skipped(reason);
    const claim = podClaim(pod);
    if (claim === undefined) return skipped('not-a-function-pod');

    const fn = await findFunction(source, namespace, claim);
    if (fn === undefined) {
      const warning = `no Function found in namespace "${namespace}" for the label ${OpenFunctionLabel[claim.kind]}="${claim.name}"; the Pod is admitted unchanged. Create the Function first, or set the label ${BaasLabel.inject} to "disabled"`;
      return skipped(
        'function-not-found',
        [warning],
        claim.kind === 'function' ? claim.name : undefined,
      );
    }
    const admission = admitPod(
      pod,
      namespace,
      fn,
      {
        servings: preferredServings(servingOfPod(pod), source.servingsOf(namespace, fn.name)),
        components: source.components(namespace),
      },
      settings,
    );
    return {
      answer: { patch: admission.patch, warnings: admission.warnings },
      outcome: admission.patch.length === 0 ? 'unchanged' : 'patched',
      functionName: fn.name,
      mode: admission.mode,
      invalidAnnotations: admission.invalidAnnotations,
    };
  };
}

/** While a Function is updated it has two Servings; a Pod's own comes first. */
function preferredServings(own: string | undefined, all: readonly string[]): readonly string[] {
  if (own === undefined) return all;
  return [own, ...all.filter((serving) => serving !== own)];
}

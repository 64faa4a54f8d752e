import type { EffectiveMode } from '../rules/effective-mode.ts';
import type { SkipReason as PodSkipReason } from '../rules/pod/pod-skip.ts';
import type { AdmissionAnswer, AdmissionRequest } from './admission-review.ts';

/** Why a request was answered without looking at the object's content. */
export type SkipReason =
  | PodSkipReason
  /** An operation, kind, version or subresource that no rule is about. */
  | 'not-ours'
  /** A Function that is only built. */
  | 'no-serving';

/** An answer, and what log and metrics say about it. */
export interface ReviewOutcome {
  readonly answer: AdmissionAnswer;
  readonly outcome: 'patched' | 'unchanged' | 'skipped' | 'denied';
  readonly skipReason?: SkipReason;
  readonly functionName?: string;
  readonly mode?: EffectiveMode;
  /** Annotations with an invalid stored value that counted as unset. */
  readonly invalidAnnotations?: readonly string[];
}

/** Decides one kind of request; at once where everything is in memory. */
export type Reviewer = (request: AdmissionRequest) => ReviewOutcome | Promise<ReviewOutcome>;

/** Allowed as it is, without a look. */
export function skipped(
  skipReason: SkipReason,
  warnings: readonly string[] = [],
  functionName?: string,
): ReviewOutcome {
  return {
    answer: { patch: [], warnings },
    outcome: 'skipped',
    skipReason,
    ...(functionName === undefined ? {} : { functionName }),
  };
}

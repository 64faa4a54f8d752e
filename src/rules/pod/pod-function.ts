import { asObject, asText, at, type JsonObject } from '../../api/json.ts';
import { OpenFunctionLabel } from '../../api/keys.ts';

/** What a Pod says about the Function it runs. */
export type PodClaim =
  | { readonly kind: 'function'; readonly name: string }
  /** The Serving of this name knows the Function. */
  | { readonly kind: 'serving'; readonly name: string };

/**
 * Which Function a Pod belongs to: its label `openfunction.io/function`, failing
 * that its label `openfunction.io/serving` (behaviour: pod admission).
 * Undefined for a Pod that is no function's.
 */
export function podClaim(pod: JsonObject): PodClaim | undefined {
  const labels = asObject(at(pod, 'metadata', 'labels'));
  const fn = asText(labels?.[OpenFunctionLabel.function]);
  if (fn !== undefined) return { kind: 'function', name: fn };
  const serving = asText(labels?.[OpenFunctionLabel.serving]);
  return serving === undefined ? undefined : { kind: 'serving', name: serving };
}

/** The Serving that a Pod was made for, where OpenFunction made it. */
export function servingOfPod(pod: JsonObject): string | undefined {
  return asText(at(pod, 'metadata', 'labels', OpenFunctionLabel.serving));
}

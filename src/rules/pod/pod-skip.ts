import { asObject, at, type JsonObject } from '../../api/json.ts';
import { BaasLabel, mirrorPodAnnotation, OpenFunctionLabel } from '../../api/keys.ts';
import { podClaim } from './pod-function.ts';

/** Why a Pod is left as it is; a label value of the metrics and a field of the log. */
export type SkipReason =
  | 'proxy'
  | 'opted-out'
  | 'mirror-pod'
  | 'excluded-namespace'
  | 'not-a-function-pod'
  | 'function-not-found';

/**
 * Why a Pod is left alone before anything is looked up, or undefined when it is
 * to be admitted (behaviour: pod admission).
 */
export function skipReasonOf(
  pod: JsonObject,
  namespace: string,
  excludedNamespaces: ReadonlySet<string>,
): SkipReason | undefined {
  const labels = asObject(at(pod, 'metadata', 'labels')) ?? {};
  // A proxy's own Pod has to keep dapr.io/enabled "true": its daprd is the point of it.
  if (Object.hasOwn(labels, OpenFunctionLabel.proxy) || Object.hasOwn(labels, BaasLabel.proxy)) {
    return 'proxy';
  }
  if (labels[BaasLabel.inject] === 'disabled') return 'opted-out';
  // The API server's image of a static pod; the kubelet refuses any difference.
  if (at(pod, 'metadata', 'annotations', mirrorPodAnnotation) !== undefined) return 'mirror-pod';
  if (excludedNamespaces.has(namespace)) return 'excluded-namespace';
  return podClaim(pod) === undefined ? 'not-a-function-pod' : undefined;
}

import { applyPatch } from '../../adapters/apply-patch.ts';
import type { Reviewer } from '../../admission/review-outcome.ts';
import { asText, at, type JsonObject } from '../../api/json.ts';
import { DaprAnnotation } from '../../api/keys.ts';
import { podOfTemplate, templatePathOf, withTemplate } from '../../rules/pod/workload-template.ts';

/** A Pod, or a workload with its template, after admission. */
export interface AdmittedPod {
  readonly after: JsonObject;
  readonly namespace: string;
  /** The Function it belongs to; undefined when it was left alone. */
  readonly functionName: string | undefined;
  readonly warnings: readonly string[];
  readonly skipReason: string | undefined;
  /** Whether it is a workload whose own template asks Dapr for a sidecar. */
  readonly isAnnotatedWorkload: boolean;
}

/** Admits a Pod, or the Pod template of a workload; undefined for an object that is neither. */
export async function previewPod(
  object: JsonObject,
  review: Reviewer,
): Promise<AdmittedPod | undefined> {
  const path = templatePathOf(object);
  const isPod = object['kind'] === 'Pod' && object['apiVersion'] === 'v1';
  if (path === undefined && !isPod) return undefined;

  const pod = path === undefined ? object : podOfTemplate(object, path);
  const namespace = asText(at(object, 'metadata', 'namespace')) ?? '';
  const { answer, functionName, skipReason } = await review({
    uid: 'preview',
    operation: 'CREATE',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    subResource: '',
    namespace,
    name: '',
    object: pod,
    oldObject: undefined,
  });
  const admitted = applyPatch(pod, answer.patch);
  const asksForSidecar = at(pod, 'metadata', 'annotations', DaprAnnotation.enabled) === 'true';
  return {
    after: path === undefined ? admitted : withTemplate(object, path, admitted),
    namespace,
    functionName: skipReason === undefined ? functionName : undefined,
    warnings: answer.warnings,
    skipReason,
    isAnnotatedWorkload: path !== undefined && asksForSidecar,
  };
}

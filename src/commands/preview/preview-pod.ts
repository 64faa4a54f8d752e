import { applyPatch } from '../../adapters/apply-patch.ts';
import type { Reviewer } from '../../admission/review-outcome.ts';
import { asText, at, type JsonObject } from '../../api/json.ts';
import { servedAppIdOf } from '../../rules/pod/served-app-id.ts';
import { podOfTemplate, templatePathOf, withTemplate } from '../../rules/pod/workload-template.ts';

/** A Pod, or a workload with its template, after admission. */
export interface AdmittedPod {
  readonly after: JsonObject;
  readonly namespace: string;
  /** The Function it belongs to; undefined when it was left alone. */
  readonly functionName: string | undefined;
  readonly warnings: readonly string[];
  readonly skipReason: string | undefined;
  /** The app-id for which Dapr's operator makes a Service because of it. */
  readonly servedAppId: string | undefined;
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
  return {
    after: after(object, path, admitted, answer.patch.length > 0),
    namespace,
    functionName: skipReason === undefined ? functionName : undefined,
    warnings: answer.warnings,
    skipReason,
    servedAppId: servedAppIdOf(object),
  };
}

function after(
  object: JsonObject,
  path: readonly string[] | undefined,
  admitted: JsonObject,
  isChanged: boolean,
): JsonObject {
  if (!isChanged) return object;
  return path === undefined ? admitted : withTemplate(object, path, admitted);
}

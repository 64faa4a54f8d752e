import { asObject, asText, at, type JsonObject } from '../../api/json.ts';

/** Where the kinds that make Pods keep their Pod template. */
const templatePaths: Readonly<Record<string, readonly string[]>> = {
  'apps/Deployment': ['spec', 'template'],
  'apps/StatefulSet': ['spec', 'template'],
  'apps/DaemonSet': ['spec', 'template'],
  'apps/ReplicaSet': ['spec', 'template'],
  'batch/Job': ['spec', 'template'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
  'serving.knative.dev/Service': ['spec', 'template'],
  'keda.sh/ScaledJob': ['spec', 'jobTargetRef', 'template'],
};

/** Path of the Pod template in a workload; undefined for an object that makes no Pods. */
export function templatePathOf(object: JsonObject): readonly string[] | undefined {
  const [group] = (asText(object['apiVersion']) ?? '').split('/', 1);
  return templatePaths[`${group}/${asText(object['kind']) ?? ''}`];
}

/** The Pod that a workload's controller makes of its template. */
export function podOfTemplate(object: JsonObject, path: readonly string[]): JsonObject {
  const template = asObject(at(object, ...path));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: template?.['metadata'] ?? {},
    spec: template?.['spec'] ?? {},
  };
}

/** A copy of the workload that has a Pod's metadata and spec as its template's. */
export function withTemplate(
  object: JsonObject,
  path: readonly string[],
  pod: JsonObject,
): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return { ...object, metadata: pod['metadata'], spec: pod['spec'] };
  return { ...object, [key]: withTemplate(asObject(object[key]) ?? {}, rest, pod) };
}

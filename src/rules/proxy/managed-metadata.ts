import type { FunctionModel } from '../../api/function.ts';
import type { JsonObject } from '../../api/json.ts';
import {
  BaasLabel,
  CommonLabel,
  functionGroup,
  OpenFunctionLabel,
  projectName,
} from '../../api/keys.ts';
import { functionLabelValueOf, toDnsLabel } from '../names.ts';

/** What runs as the proxy; the value of `app.kubernetes.io/name`. */
export const proxyAppName = 'dapr-proxy';

/** Labels that select a Function's proxy pods. Fixed for good: a selector cannot be changed. */
export function proxySelector(fn: FunctionModel): Record<string, string> {
  return { [BaasLabel.proxy]: functionLabelValueOf(fn) };
}

/** Labels that select a Function's own pods; this webhook puts them there. */
export function functionPodSelector(fn: FunctionModel): Record<string, string> {
  return { [OpenFunctionLabel.function]: functionLabelValueOf(fn) };
}

/** Labels of everything that the controller keeps for a Function. */
export function managedLabels(fn: FunctionModel): Record<string, string> {
  return {
    [OpenFunctionLabel.managed]: 'true',
    ...proxySelector(fn),
    [CommonLabel.name]: proxyAppName,
    [CommonLabel.instance]: toDnsLabel(fn.name, 63),
    [CommonLabel.component]: 'proxy',
    [CommonLabel.partOf]: 'openfunction',
    [CommonLabel.managedBy]: projectName,
  };
}

/**
 * `metadata` of an object that the controller keeps. It is owned by the
 * Function, so that garbage collection removes it; a Function that no API server
 * has stored yet has no uid to refer to.
 */
export function managedMetadata(
  fn: FunctionModel,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): JsonObject {
  return {
    name,
    namespace: fn.namespace,
    labels: { ...managedLabels(fn), ...labels },
    ...(fn.uid === undefined ? {} : { ownerReferences: [ownerReference(fn, fn.uid)] }),
  };
}

function ownerReference(fn: FunctionModel, uid: string): JsonObject {
  return {
    apiVersion: `${functionGroup}/${fn.version}`,
    kind: 'Function',
    name: fn.name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

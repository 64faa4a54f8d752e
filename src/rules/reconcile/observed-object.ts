import type { FunctionModel } from '../../api/function.ts';
import { asObject, asText, at, type JsonObject, objectsOf } from '../../api/json.ts';
import {
  BaasLabel,
  DaprAnnotation,
  functionGroup,
  OpenFunctionLabel,
  projectName,
} from '../../api/keys.ts';
import { functionLabelValueOf } from '../names.ts';
import { fingerprint } from './fingerprint.ts';
import { isManagedKind, type ManagedKind } from './managed-kinds.ts';
import { ownedFields } from './owned-fields.ts';

/**
 * What is kept in memory of an object that the controller keeps in the cluster:
 * enough to decide whether it is as it should be.
 */
export interface ObservedObject {
  readonly kind: ManagedKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The Function it belongs to: its controller owner, failing that the one in its label. */
  readonly functionName: string;
  /** Its controller owner; undefined when it has none. */
  readonly owner: ObjectOwner | undefined;
  readonly isDeleting: boolean;
  /** Whether this project's field manager applied it, and still owns something of it. */
  readonly isApplied: boolean;
  /** Of the fields that this project's field manager owns; undefined when it owns none. */
  readonly fingerprint: string | undefined;
  /** Whether Dapr's operator made it, as it does with `<app-id>-dapr` Services. */
  readonly isDaprs: boolean;
}

/** The owner reference that says `controller: true`. */
export interface ObjectOwner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** Reads an object of a managed kind; undefined for any other. */
export function readObservedObject(object: JsonObject): ObservedObject | undefined {
  const { kind } = object;
  const metadata = asObject(object['metadata']);
  const name = asText(metadata?.['name']);
  if (!isManagedKind(kind) || name === undefined) return undefined;
  const owner = controllerOwnerOf(object);
  const labels = asObject(metadata?.['labels']);
  const owned = ownedFields(object, projectName);
  return {
    kind,
    namespace: asText(metadata?.['namespace']) ?? '',
    name,
    uid: asText(metadata?.['uid']) ?? '',
    resourceVersion: asText(metadata?.['resourceVersion']) ?? '',
    functionName: isFunction(owner) ? owner.name : (asText(labels?.[BaasLabel.proxy]) ?? ''),
    owner,
    isDeleting: asText(metadata?.['deletionTimestamp']) !== undefined,
    isApplied: owned !== undefined,
    fingerprint: owned === undefined ? undefined : fingerprint(owned),
    isDaprs:
      labels?.[DaprAnnotation.enabled] === 'true' && labels[OpenFunctionLabel.managed] !== 'true',
  };
}

/** The owner that controls an object; undefined when nobody does. */
export function controllerOwnerOf(object: JsonObject): ObjectOwner | undefined {
  const reference = objectsOf(at(object, 'metadata', 'ownerReferences'))
    .map(({ item }) => item)
    .find(({ controller }) => controller === true);
  if (reference === undefined) return undefined;
  return {
    apiVersion: asText(reference['apiVersion']) ?? '',
    kind: asText(reference['kind']) ?? '',
    name: asText(reference['name']) ?? '',
    uid: asText(reference['uid']) ?? '',
  };
}

/**
 * Whether the controller keeps an object for this very Function, and so may change
 * it. One whose owner somebody took away is known by who applied it, and for whom.
 */
export function isOurs(observed: ObservedObject, fn: FunctionModel): boolean {
  const { owner, isApplied, functionName } = observed;
  if (owner !== undefined) return isFunction(owner) && owner.uid === fn.uid;
  return isApplied && ['', fn.name, functionLabelValueOf(fn)].includes(functionName);
}

/** Whether the controller keeps an object for some Function, whichever that is. */
export function isKeptForFunction({ owner, isDaprs }: ObservedObject): boolean {
  return isFunction(owner) && !isDaprs;
}

/** Whether it was kept for a Function of the same name that is gone: garbage collection has yet to come by. */
export function isPredecessors(observed: ObservedObject, fn: FunctionModel): boolean {
  return isFunction(observed.owner) && observed.owner.name === fn.name && !isOurs(observed, fn);
}

function isFunction(owner: ObjectOwner | undefined): owner is ObjectOwner {
  return owner?.kind === 'Function' && owner.apiVersion.startsWith(`${functionGroup}/`);
}

import type { FunctionModel } from '../../src/api/function.ts';
import type { ManagedKind } from '../../src/rules/reconcile/managed-kinds.ts';
import type { ObjectOwner, ObservedObject } from '../../src/rules/reconcile/observed-object.ts';
import type { ObservedPod } from '../../src/rules/reconcile/observed-pod.ts';
import { namespace } from './functions.ts';

/** What an object that is kept for a Function says of its owner. */
export function ownerOf(fn: FunctionModel): ObjectOwner {
  return {
    apiVersion: `core.openfunction.io/${fn.version}`,
    kind: 'Function',
    name: fn.name,
    uid: fn.uid ?? '',
  };
}

/** An object that is kept for a Function, as it should not be: no fingerprint is this one. */
export function observedObject(
  fn: FunctionModel,
  kind: ManagedKind,
  name: string,
  members: Partial<ObservedObject> = {},
): ObservedObject {
  return {
    kind,
    namespace,
    name,
    uid: `uid-of-${kind}-${name}`,
    resourceVersion: '1',
    functionName: fn.name,
    owner: ownerOf(fn),
    isDeleting: false,
    isApplied: true,
    fingerprint: 'something else',
    isDaprs: false,
    ...members,
  };
}

/** A function pod of Function `orders` that was admitted in standalone mode. */
export function observedPod(name: string, members: Partial<ObservedPod> = {}): ObservedPod {
  return {
    namespace,
    name,
    uid: `uid-of-${name}`,
    claim: { kind: 'function', name: 'orders' },
    mode: 'standalone',
    hasController: true,
    isDeleting: false,
    createdAt: '2026-01-01T00:00:00Z',
    ...members,
  };
}

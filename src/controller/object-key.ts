import type { ObservedObject } from '../rules/reconcile/observed-object.ts';

/** What tells an object from all others, whether it is there or not. */
export type ObjectAddress = Pick<ObservedObject, 'kind' | 'namespace' | 'name'>;

/** An address as the key of a map. */
export function objectKey({ kind, namespace, name }: ObjectAddress): string {
  return `${kind}/${namespace}/${name}`;
}

import type { ComponentModel } from '../../src/api/component.ts';
import type { ComponentLookup } from '../../src/rules/context/component-lookup.ts';
import { namespace } from './functions.ts';

/** A Dapr Component of the tests' namespace that stands there by itself. */
export function component(
  name: string,
  type: string,
  members: Partial<ComponentModel> = {},
): ComponentModel {
  return { name, namespace, type, serving: undefined, declaredAs: undefined, ...members };
}

/** A lookup over the given Components. */
export function lookupOf(...components: ComponentModel[]): ComponentLookup {
  return {
    byName: (name) => components.find((one) => one.name === name),
    ofServing: (serving) => components.filter((one) => one.serving === serving),
  };
}

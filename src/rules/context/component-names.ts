import type { ComponentModel } from '../../api/component.ts';
import {
  type DeclaredComponent,
  declaredComponent,
  type FunctionModel,
} from '../../api/function.ts';
import { componentNameOf } from '../names.ts';
import type { ComponentLookup } from './component-lookup.ts';

/** A component as Dapr knows it. */
export interface ResolvedComponent {
  /** `metadata.name` of the Component. */
  readonly name: string;
  /** Dapr's component type; empty when nobody knows it yet. */
  readonly type: string;
}

/** API servers cut a `generateName` here and append random characters. */
const generatedBaseMaxLength = 58;
const generatedSuffixLength = 5;

/**
 * Finds the real name of a component that a Function names (behaviour:
 * FUNC_CONTEXT), so that proxy, pods and daprd speak of the same one:
 *
 * 1. a Component that OpenFunction made for this name and one of the Function's Servings;
 * 2. the Component that this project makes, when the Function declares it;
 * 3. the name as written: a Component that existed before.
 *
 * @param servings names of the Function's Servings, the preferred one first
 * @param statedType type that the Function states beside the name (v1beta2)
 */
export function resolveComponent(
  fn: FunctionModel,
  name: string,
  statedType: string | undefined,
  servings: readonly string[],
  components: ComponentLookup,
): ResolvedComponent {
  const declared = declaredComponent(fn.serving, name);
  const existing = components.byName(name);
  const type = statedType ?? declared?.type ?? existing?.type ?? '';
  for (const serving of servings) {
    const made = components
      .ofServing(serving)
      .find((component) => isMadeFor(component, serving, name, declared));
    if (made !== undefined) return { name: made.name, type: type === '' ? made.type : type };
  }
  return { name: declared === undefined ? name : componentNameOf(fn, name), type };
}

/**
 * Whether OpenFunction made a Component for a declared name. It generates
 * `<serving>-component-<name>-xxxxx` up to 1.0 and
 * `<serving>-<bindings|pubsub|state>-<name>-xxxxx` from 1.1 on; the API server
 * cuts what comes before the five random characters at 58.
 */
function isMadeFor(
  component: ComponentModel,
  serving: string,
  name: string,
  declared: DeclaredComponent | undefined,
): boolean {
  if (declared !== undefined && declared.type !== '' && component.type !== declared.type) {
    return false;
  }
  return ['component', 'bindings', 'pubsub', 'state'].some((kind) => {
    const base = `${serving}-${kind}-${name}-`.slice(0, generatedBaseMaxLength);
    return (
      component.name.startsWith(base) &&
      component.name.length === base.length + generatedSuffixLength
    );
  });
}

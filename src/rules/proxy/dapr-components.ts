import type { DeclaredComponent, FunctionModel } from '../../api/function.ts';
import type { JsonObject } from '../../api/json.ts';
import { BaasLabel, componentApiVersion } from '../../api/keys.ts';
import type { ContextFacts } from '../context/function-context.ts';
import { appIdOf, componentNameOf, isLabelValue } from '../names.ts';
import { managedMetadata } from './managed-metadata.ts';

/**
 * The Dapr Components of what a Function declares in `bindings`, `pubsub` and
 * `states`, scoped to its app-id. None where OpenFunction made them for one of
 * the Function's Servings: two of each would deliver every event twice.
 */
export function daprComponents(fn: FunctionModel, facts: ContextFacts): JsonObject[] {
  const isOpenFunctions = facts.servings.some(
    (serving) => facts.components.ofServing(serving).length > 0,
  );
  if (isOpenFunctions) return [];
  const byName = new Map<string, DeclaredComponent>();
  for (const component of fn.serving?.components ?? []) {
    if (!byName.has(component.name)) byName.set(component.name, component);
  }
  return [...byName.values()].map((component) => ({
    apiVersion: componentApiVersion,
    kind: 'Component',
    metadata: managedMetadata(
      fn,
      componentNameOf(fn, component.name),
      isLabelValue(component.name) ? { [BaasLabel.component]: component.name } : {},
    ),
    // Dapr asks for both; a Function may leave them out.
    spec: { version: 'v1', metadata: [], ...component.spec },
    scopes: [appIdOf(fn)],
  }));
}

import { asObject, type JsonObject } from '../../api/json.ts';
import { namespaceNameLabel } from '../../api/keys.ts';
import { type Labels, selectsLabels } from './label-selector.ts';
import type { LookedUp } from './looked-up.ts';

/** Labels of every namespace, by its name. */
export type NamespaceLabels = LookedUp<ReadonlyMap<string, Labels>>;

/** Labels of a namespace; the one that each has, where the others cannot be seen. */
export function labelsOfNamespace(namespaces: NamespaceLabels, name: string): Labels {
  return {
    ...(namespaces.kind === 'found' ? namespaces.value.get(name) : {}),
    [namespaceNameLabel]: name,
  };
}

/** Whether API servers call a webhook for objects in a namespace, as far as the namespace decides. */
export function isSelectedNamespace(
  webhook: JsonObject | undefined,
  namespaces: NamespaceLabels,
  name: string,
): boolean {
  return (
    webhook !== undefined &&
    selectsLabels(asObject(webhook['namespaceSelector']), labelsOfNamespace(namespaces, name))
  );
}

/** The namespace that every cluster has. */
const usualNamespace = 'default';

/** Where to try a Function: where the webhook is called, if there is such a namespace. */
export function trialNamespace(
  webhook: JsonObject | undefined,
  namespaces: NamespaceLabels,
  functionNamespaces: readonly string[],
): string {
  const isSelected = (name: string): boolean => isSelectedNamespace(webhook, namespaces, name);
  return [usualNamespace, ...functionNamespaces].find(isSelected) ?? usualNamespace;
}

import { asList, asObject, asText, type JsonObject, objectsOf } from '../../api/json.ts';
import { functionVersions, namespaceNameLabel } from '../../api/keys.ts';
import { type Defect, defectIf, type Finding, findingOf, ok, type Question } from './finding.ts';
import { selectorKeys, selectsLabels } from './label-selector.ts';
import { listNames } from './list-names.ts';
import { ifFound, type LookedUp, unanswered } from './looked-up.ts';
import { type NeededWebhook, neededWebhooks } from './needed-webhooks.ts';
import { type RegisteredConfiguration, registeredWebhook } from './registered-webhook.ts';
import { isSelectedNamespace, type NamespaceLabels } from './selected-namespace.ts';

/** What selectors are compared with. */
export interface SelectionFacts {
  readonly mutating: LookedUp<readonly RegisteredConfiguration[]>;
  readonly validating: LookedUp<readonly RegisteredConfiguration[]>;
  readonly namespaces: NamespaceLabels;
  /** Namespaces that have Functions which this project is to look after. */
  readonly functionNamespaces: LookedUp<readonly string[]>;
  /** Namespaces whose Pods have to start whether this project runs or not. */
  readonly spared: readonly string[];
  /** Versions in which Functions are served; undefined when that is not known. */
  readonly functionVersions: readonly string[] | undefined;
}

/** Do rules and selectors of each webhook let through what it is there for, and nothing else? */
export function webhookSelection(facts: SelectionFacts): Finding[] {
  return neededWebhooks.map((needed) => selectionOf(needed, facts));
}

function selectionOf(needed: NeededWebhook, facts: SelectionFacts): Finding {
  const question: Question = {
    id: `selection-${needed.name.split('.', 2).join('-')}`,
    section: 'webhook-configurations',
    title: `${needed.name} selects what it is for`,
  };
  const configurations = facts[needed.configuration];
  if (configurations.kind !== 'found') return unanswered(question, configurations);
  const registration = {
    mutating: [],
    validating: [],
    [needed.configuration]: configurations.value,
  };
  const webhook = registeredWebhook(registration, needed);
  // That it is missing is told by another question.
  if (webhook === undefined) return ok(question, 'it is not registered');
  const namespaceSelector = asObject(webhook['namespaceSelector']);
  const needsLabels = selectorKeys(namespaceSelector).some((key) => key !== namespaceNameLabel);
  if (needsLabels && facts.namespaces.kind !== 'found') {
    return unanswered(question, facts.namespaces);
  }
  const defects = [
    ...ruleDefects(webhook, needed, facts.functionVersions),
    ...objectDefects(webhook, needed),
    ...namespaceDefects(webhook, facts),
    ...otherDefects(webhook, needed),
  ];
  if (defects.length === 0 && facts.functionNamespaces.kind !== 'found') {
    return unanswered(question, facts.functionNamespaces);
  }
  return findingOf(
    question,
    defects,
    `${needed.operations.join(' and ')} of ${needed.resource}`,
    'Compare it with the manifests of the installation (kubectl diff -f), and apply those again.',
  );
}

function ruleDefects(
  webhook: JsonObject,
  needed: NeededWebhook,
  served: readonly string[] | undefined,
): Defect[] {
  const versions = versionsOf(needed, served);
  const rules = objectsOf(webhook['rules']).map(({ item }) => item);
  const isExact = webhook['matchPolicy'] === 'Exact';
  return needed.operations.flatMap((operation): Defect[] => {
    const missed = versions.filter(
      (version) => !rules.some((rule) => covers(rule, needed, operation, version)),
    );
    // Otherwise API servers convert: it is enough that one version is named.
    const isMissed = isExact ? missed.length > 0 : missed.length === versions.length;
    if (!isMissed) return [];
    const which = isExact ? ` as ${missed.join(', ')} (matchPolicy is Exact)` : '';
    return [
      { level: 'error', message: `its rules miss ${operation} of ${needed.resource}${which}` },
    ];
  });
}

function versionsOf({ resource }: NeededWebhook, served: readonly string[] | undefined) {
  if (resource === 'pods') return ['v1'];
  return served === undefined || served.length === 0 ? functionVersions : served;
}

function covers(
  rule: JsonObject,
  { group, resource }: NeededWebhook,
  operation: string,
  version: string,
): boolean {
  const names = (field: string, ...wanted: string[]): boolean =>
    (asList(rule[field]) ?? []).some((one) => wanted.some((name) => name === one));
  return (
    names('apiGroups', group, '*') &&
    names('apiVersions', version, '*') &&
    names('resources', resource, '*', '*/*') &&
    names('operations', operation, '*') &&
    rule['scope'] !== 'Cluster'
  );
}

function objectDefects(webhook: JsonObject, { wanted, unwanted }: NeededWebhook): Defect[] {
  const selector = asObject(webhook['objectSelector']);
  const missed = wanted.filter(({ labels }) => !selectsLabels(selector, labels));
  const extra = unwanted.filter(({ labels }) => selectsLabels(selector, labels));
  const list = (objects: typeof wanted): string => objects.map(({ what }) => what).join(', ');
  return [
    ...defectIf(missed.length > 0, 'error', `its objectSelector misses ${list(missed)}`),
    ...defectIf(extra.length > 0, 'warning', `its objectSelector also selects ${list(extra)}`),
  ];
}

function namespaceDefects(
  webhook: JsonObject,
  { namespaces, functionNamespaces, spared }: SelectionFacts,
): Defect[] {
  const isSelected = (name: string): boolean => isSelectedNamespace(webhook, namespaces, name);
  const exists = (name: string): boolean =>
    namespaces.kind !== 'found' || namespaces.value.has(name);
  const missed = (ifFound(functionNamespaces) ?? []).filter((name) => !isSelected(name));
  const extra = spared.filter((name) => exists(name) && isSelected(name));
  return [
    ...defectIf(
      missed.length > 0,
      'error',
      `its namespaceSelector misses namespaces with Functions: ${listNames(missed)}`,
    ),
    ...defectIf(
      extra.length > 0,
      'warning',
      `its namespaceSelector does not leave out ${extra.join(', ')}`,
    ),
  ];
}

function otherDefects(webhook: JsonObject, needed: NeededWebhook): Defect[] {
  const unknown = objectsOf(webhook['matchConditions'])
    .map(({ item }) => asText(item['name']) ?? '')
    .filter((name) => !needed.conditions.includes(name));
  const isReinvoked =
    needed.configuration === 'validating' || webhook['reinvocationPolicy'] === 'IfNeeded';
  return [
    ...defectIf(
      unknown.length > 0,
      'warning',
      `somebody added match conditions that this cannot judge: ${unknown.join(', ')}`,
    ),
    ...defectIf(
      !isReinvoked,
      'warning',
      'its reinvocationPolicy is not IfNeeded, so that it does not see what other webhooks change after it',
    ),
  ];
}

import type { FunctionModel } from '../../src/api/function.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { type DesiredFacts, desiredObjects } from '../../src/rules/proxy/desired-objects.ts';
import type { ProxySettings } from '../../src/rules/proxy/proxy-settings.ts';
import { objectAt, pick, wireCopy } from './json.ts';
import { noFacts } from './pods.ts';

export const proxySettings: ProxySettings = {
  image: 'example.com/proxy:v1',
  clusterDomain: 'cluster.local',
  apiTokens: false,
  networkPolicy: true,
  replicas: 1,
  resources: { cpuRequest: '50m', cpuLimit: '1', memoryRequest: '96Mi', memoryLimit: '256Mi' },
  nodeSelector: {},
  tolerations: [],
  priorityClass: undefined,
  imagePullSecrets: [],
  labels: {},
  annotations: {},
};

export const desiredFacts: DesiredFacts = {
  ...noFacts,
  hasAnnotatedWorkload: false,
  newTokenBase64: 'YS1mcmVzaC10b2tlbg==',
};

/** The objects that are kept for a Function, as they go over the wire. */
export function desired(
  fn: FunctionModel,
  settings: Partial<ProxySettings> = {},
  facts: Partial<DesiredFacts> = {},
): JsonObject[] {
  return wireCopy(
    desiredObjects(fn, { ...desiredFacts, ...facts }, { ...proxySettings, ...settings }),
  );
}

/** `Kind/name` of objects, sorted. */
export function namesOf(objects: readonly JsonObject[]): string[] {
  return objects.map((one) => `${one['kind']}/${pick(one, 'metadata', 'name')}`).sort();
}

export function ofKind(objects: readonly JsonObject[], kind: string): JsonObject[] {
  return objects.filter((one) => one['kind'] === kind);
}

/** The one object of a kind and name, where the test cannot go on without it. */
export function theOne(objects: readonly JsonObject[], kind: string, name?: string): JsonObject {
  const found = ofKind(objects, kind).filter(
    (one) => name === undefined || pick(one, 'metadata', 'name') === name,
  );
  const [first] = found;
  if (found.length !== 1 || first === undefined) {
    throw new Error(`${found.length} objects of kind ${kind} among ${namesOf(objects).join(', ')}`);
  }
  return first;
}

/** Whether a selector of labels takes an object with these. */
export function selects(selector: JsonObject, labels: JsonObject): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** Labels of the pods that the proxy's Deployment makes. */
export function proxyPodLabels(objects: readonly JsonObject[]): JsonObject {
  return objectAt(theOne(objects, 'Deployment'), 'spec', 'template', 'metadata', 'labels');
}

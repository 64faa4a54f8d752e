import type { FunctionModel } from '../../src/api/function.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { noComponents } from '../../src/rules/context/component-lookup.ts';
import type { ContextFacts } from '../../src/rules/context/function-context.ts';
import { admitPod, type PodAdmission } from '../../src/rules/pod/pod-admission.ts';
import type { PodSettings } from '../../src/rules/pod/pod-environment.ts';
import { applyPatch } from './apply-patch.ts';
import { deepFreeze, listAt, wireCopy } from './json.ts';

export interface PodParts {
  readonly labels?: JsonObject;
  readonly annotations?: JsonObject;
  readonly containers?: JsonObject[];
  readonly spec?: JsonObject;
}

/** A function pod as a ReplicaSet makes it: no name and no namespace yet. */
export function podOf(parts: PodParts = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'orders-7d4b9c-',
      creationTimestamp: null,
      labels: { 'openfunction.io/function': 'orders', ...parts.labels },
      ...(parts.annotations === undefined ? {} : { annotations: parts.annotations }),
    },
    spec: {
      containers: parts.containers ?? [functionContainer()],
      restartPolicy: 'Always',
      ...parts.spec,
    },
  };
}

/** A container called `function`, or what else the test says. */
export function functionContainer(members: JsonObject = {}): JsonObject {
  return { name: 'function', image: 'example.com/orders:v1', ...members };
}

export const noFacts: ContextFacts = { servings: [], components: noComponents };
export const podSettings: PodSettings = { clusterDomain: 'cluster.local', apiTokens: false };

export interface AdmittedPod extends PodAdmission {
  /** The Pod that the patch makes. */
  readonly pod: JsonObject;
}

/** Admits a Pod and applies the patch; the Pod given is frozen, so that changing it fails. */
export function admit(
  pod: JsonObject,
  fn: FunctionModel,
  options: { readonly facts?: ContextFacts; readonly settings?: Partial<PodSettings> } = {},
): AdmittedPod {
  const input = deepFreeze(wireCopy(pod));
  const admission = admitPod(input, fn, options.facts ?? noFacts, {
    ...podSettings,
    ...options.settings,
  });
  return { ...admission, pod: applyPatch(input, admission.patch) };
}

/** Container of a name, where the test cannot go on without one. */
export function containerOf(pod: JsonObject, name = 'function'): JsonObject {
  const container = listAt(pod, 'spec', 'containers').find((one) => one['name'] === name);
  if (container === undefined) throw new Error(`no container ${name}`);
  return container;
}

/** Variables of a container by name; a name that is there twice fails. */
export function envOf(container: JsonObject): Map<string, JsonObject> {
  const env = new Map<string, JsonObject>();
  for (const variable of listAt(container, 'env')) {
    const name = String(variable['name']);
    if (env.has(name)) throw new Error(`variable ${name} is there twice`);
    env.set(name, variable);
  }
  return env;
}

/** Plain values of a container's variables by name. */
export function envValues(container: JsonObject): Record<string, unknown> {
  return Object.fromEntries([...envOf(container)].map(([name, one]) => [name, one['value']]));
}

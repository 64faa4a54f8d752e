import type { FunctionModel } from '../../api/function.ts';
import { asObject, asText, at, type Json, type JsonObject, objectsOf } from '../../api/json.ts';
import { BaasAnnotation, BaasLabel, EnvVar, OpenFunctionLabel } from '../../api/keys.ts';
import type { ContextFacts } from '../context/function-context.ts';
import { type EffectiveMode, effectiveMode } from '../effective-mode.ts';
import { type PatchOperation, patchAppend, patchStringMap, pointer } from '../json-patch.ts';
import { appProtocolOf, isLabelValue } from '../names.ts';
import { type FunctionContainer, findFunctionContainer } from './function-container.ts';
import {
  findInjectedDaprd,
  type InjectedDaprd,
  isInjectedVariable,
  removeInjectedDaprd,
} from './injected-daprd.ts';
import { podAnnotations } from './pod-annotations.ts';
import { type PodSettings, podEnvironment } from './pod-environment.ts';

export interface PodAdmission {
  readonly patch: PatchOperation[];
  readonly warnings: string[];
  readonly mode: EffectiveMode;
  /** Annotations of the Function whose stored value is invalid; they counted as unset. */
  readonly invalidAnnotations: readonly string[];
}

/**
 * What admission makes of a function pod (behaviour: pod admission).
 *
 * The patch adds: lists are appended to, keys are set one by one, and a field
 * that this project does not know is not touched. What it removes is what Dapr's
 * injector brought and, outside sidecar mode, what would call it again. Applied
 * to the Pod and admitted once more, it gives no patch.
 *
 * @param pod the Pod as admission got it; not changed
 * @param namespace of the request; the Pod's own may still be empty
 */
export function admitPod(
  pod: JsonObject,
  namespace: string,
  fn: FunctionModel,
  facts: ContextFacts,
  settings: PodSettings,
): PodAdmission {
  const { mode, invalid } = effectiveMode(fn.serving);
  const injected = mode === 'sidecar' ? undefined : findInjectedDaprd(pod);
  const target = findFunctionContainer(
    pod,
    (index) => injected?.containers.includes(index) === true,
  );
  const wantedEnv = podEnvironment(pod, namespace, fn, mode, facts, settings);
  return {
    patch: [
      ...patchMetadata(pod, fn, mode, injected),
      ...patchSpec(pod, target, wantedEnv, injected),
    ],
    warnings: warningsOf(fn, mode, target, invalid),
    mode,
    invalidAnnotations: invalid,
  };
}

function patchMetadata(
  pod: JsonObject,
  fn: FunctionModel,
  mode: EffectiveMode,
  injected: InjectedDaprd | undefined,
): PatchOperation[] {
  const labels = new Map<string, string | undefined>([[BaasLabel.mode, mode]]);
  // A name that no label can hold would make the API server refuse the Pod.
  if (isLabelValue(fn.name)) labels.set(OpenFunctionLabel.function, fn.name);
  for (const label of injected?.labels ?? []) labels.set(label, undefined);
  return [
    ...patchStringMap(
      at(pod, 'metadata', 'annotations'),
      pointer('metadata', 'annotations'),
      podAnnotations(pod, fn, mode),
    ),
    ...patchStringMap(at(pod, 'metadata', 'labels'), pointer('metadata', 'labels'), labels),
  ];
}

function patchSpec(
  pod: JsonObject,
  target: FunctionContainer | undefined,
  wantedEnv: readonly JsonObject[],
  injected: InjectedDaprd | undefined,
): PatchOperation[] {
  const isInjected = (variable: JsonObject): boolean =>
    injected !== undefined && isInjectedVariable(variable, injected);
  // What the injector wrote and is wanted with just that value may stay where it is.
  const isWantedAsIs = (variable: JsonObject): boolean =>
    wantedEnv.some(({ name, value }) => name === variable['name'] && value === variable['value']);
  const keep = (index: number, variable: JsonObject): boolean =>
    index === target?.index && isWantedAsIs(variable);

  const operations: PatchOperation[] = [];
  const removals = injected === undefined ? [] : removeInjectedDaprd(pod, injected, keep);
  if (target !== undefined) {
    const env = target.container['env'];
    const kept = new Set(
      objectsOf(env)
        .filter(({ item }) => !isInjected(item) || isWantedAsIs(item))
        .map(({ item }) => item['name']),
    );
    const missing = wantedEnv
      .filter(({ name }) => !kept.has(name))
      .map((variable) => withUsersHost(variable, env));
    operations.push(
      ...patchAppend(env, pointer('spec', 'containers', target.index, 'env'), missing),
    );
  }
  // Appending moves no index, removing a container does: removals come last.
  return [...operations, ...removals];
}

/** DAPR_HOST and DAPR_SIDECAR_IP are one value under two names; a user who set one meant both. */
function withUsersHost(variable: JsonObject, env: Json | undefined): JsonObject {
  const hosts: readonly unknown[] = [EnvVar.daprHost, EnvVar.daprSidecarIp];
  if (!hosts.includes(variable['name'])) return variable;
  const set = objectsOf(env).find(({ item }) => hosts.includes(item['name']));
  if (set === undefined) return variable;
  const { name: _name, ...value } = set.item;
  return { name: variable['name'], ...value };
}

function warningsOf(
  fn: FunctionModel,
  mode: EffectiveMode,
  target: FunctionContainer | undefined,
  invalidAnnotations: readonly string[],
): string[] {
  const warnings = invalidAnnotations.map(
    (annotation) =>
      `Function "${fn.name}": spec.serving.annotations[${annotation}] holds an invalid value and counts as unset`,
  );
  if (target?.isGuess === true) {
    warnings.push(
      `container "${asText(target.container['name']) ?? ''}" is taken for the function; name the right one in the annotation ${BaasAnnotation.functionContainer}, or call it "function"`,
    );
  }
  if (!isLabelValue(fn.name)) {
    warnings.push(
      `the name of Function "${fn.name.slice(0, 63)}" does not fit into a label, so that Services cannot select this Pod by it`,
    );
  }
  const protocol = objectsOf(asObject(target?.container)?.['env']).find(
    ({ item }) => item['name'] === EnvVar.appProtocol,
  )?.item['value'];
  if (mode === 'standalone' && typeof protocol === 'string' && protocol !== appProtocolOf(fn)) {
    warnings.push(
      `${EnvVar.appProtocol} of the function container is "${protocol.slice(0, 20)}" and kept, but the proxy of Function "${fn.name}" speaks "${appProtocolOf(fn)}"`,
    );
  }
  return warnings;
}

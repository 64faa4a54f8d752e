import type { FunctionModel } from '../../api/function.ts';
import { asText, at, type Json, type JsonObject, objectsOf } from '../../api/json.ts';
import {
  BaasAnnotation,
  BaasLabel,
  DaprAnnotation,
  EnvVar,
  OpenFunctionLabel,
} from '../../api/keys.ts';
import type { ContextFacts } from '../context/function-context.ts';
import { type EffectiveMode, effectiveMode } from '../effective-mode.ts';
import { type PatchOperation, patchAppend, patchStringMap, pointer } from '../json-patch.ts';
import { appIdOf, isLabelValue, proxyNameOf } from '../names.ts';
import { type FunctionContainer, findFunctionContainer } from './function-container.ts';
import {
  findInjectedDaprd,
  type InjectedDaprd,
  injectedVariables,
  mountToken,
  removeInjectedDaprd,
} from './injected-daprd.ts';
import { podAnnotations } from './pod-annotations.ts';
import type { PodSettings } from './pod-environment.ts';
import { rememberedEnvironment } from './remembered-environment.ts';

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
 * injector brought and, outside sidecar mode, what would call it again; in sidecar
 * mode only where the injector is to bring it anew. Applied to the Pod and admitted
 * once more, it gives no patch.
 *
 * @param pod the Pod as admission got it; not changed
 * @param fn found in the namespace of the request; the Pod's own may still be empty
 */
export function admitPod(
  pod: JsonObject,
  fn: FunctionModel,
  facts: ContextFacts,
  settings: PodSettings,
): PodAdmission {
  const { mode, invalid } = effectiveMode(fn.serving);
  const annotations = podAnnotations(pod, fn, mode);
  const injected = findUnwantedDaprd(pod, mode, annotations);
  const target = findFunctionContainer(
    pod,
    (index) => injected?.containers.includes(index) === true,
  );
  const wantedEnv = rememberedEnvironment(pod, fn, mode, facts, settings);
  return {
    patch: [
      ...patchMetadata(pod, fn, mode, annotations, injected),
      ...patchSpec(pod, target, forItsProxy(fn, wantedEnv, target), injected),
      ...(mode === 'sidecar' && injected === undefined ? mountToken(pod) : []),
    ],
    warnings: [
      ...warningsOf(fn, target, invalid),
      ...protocolWarnings(fn, mode, target, wantedEnv, injected),
    ],
    mode,
    invalidAnnotations: invalid,
  };
}

/**
 * The daprd that has to go. Outside sidecar mode that is any. In sidecar mode it is
 * one that was injected before it could follow what this patch adds: the API server
 * calls the injector again, which then puts in one that does.
 */
function findUnwantedDaprd(
  pod: JsonObject,
  mode: EffectiveMode,
  annotations: ReadonlyMap<string, string | undefined>,
): InjectedDaprd | undefined {
  const injected = findInjectedDaprd(pod);
  if (mode !== 'sidecar') return injected;
  return annotations.size > 0 && injected?.isReplaceable === true ? injected : undefined;
}

function patchMetadata(
  pod: JsonObject,
  fn: FunctionModel,
  mode: EffectiveMode,
  annotations: ReadonlyMap<string, string | undefined>,
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
      annotations,
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
  const keep = (index: number, variable: JsonObject): boolean =>
    index === target?.index && isWantedAsIs(variable, wantedEnv);

  const operations: PatchOperation[] = [];
  const removals = injected === undefined ? [] : removeInjectedDaprd(pod, injected, keep);
  if (target !== undefined) {
    const env = target.container['env'];
    const kept = new Set(keptVariables(env, wantedEnv, injected).map(({ name }) => name));
    const missing = withUsersHost(
      wantedEnv.filter(({ name }) => !kept.has(name)),
      env,
    );
    operations.push(
      ...patchAppend(env, pointer('spec', 'containers', target.index, 'env'), missing),
    );
  }
  // Appending moves no index, removing a container does: removals come last.
  return [...operations, ...removals];
}

/** Variables of the function container that stay where they are. */
function keptVariables(
  env: Json | undefined,
  wantedEnv: readonly JsonObject[],
  injected: InjectedDaprd | undefined,
): JsonObject[] {
  const brought = injected === undefined ? new Set() : injectedVariables(env, injected);
  return objectsOf(env)
    .filter(({ index, item }) => !brought.has(index) || isWantedAsIs(item, wantedEnv))
    .map(({ item }) => item);
}

/** What the injector wrote and is wanted with just that value may stay where it is. */
function isWantedAsIs(variable: JsonObject, wantedEnv: readonly JsonObject[]): boolean {
  return wantedEnv.some(
    ({ name, value }) => name === variable['name'] && value === variable['value'],
  );
}

/**
 * OpenFunction, from 0.8 on, makes a proxy by itself and points its pods there. That
 * proxy asks for no token, and the controller makes none beside it: a variable that
 * refers to its Secret would keep the container from starting.
 */
function forItsProxy(
  fn: FunctionModel,
  wantedEnv: readonly JsonObject[],
  target: FunctionContainer | undefined,
): readonly JsonObject[] {
  const host = objectsOf(target?.container['env']).find(
    ({ item }) => item['name'] === EnvVar.daprHost,
  );
  if (host === undefined) return wantedEnv;
  const hosts = [`${appIdOf(fn)}-dapr.`, `${fn.name}-${fn.namespace}-dapr.`];
  const isOpenFunctions = hosts.some((prefix) => asText(host.item['value'])?.startsWith(prefix));
  if (!isOpenFunctions) return wantedEnv;
  const isOurToken = (variable: JsonObject): boolean =>
    variable['name'] === EnvVar.daprApiToken &&
    at(variable, 'valueFrom', 'secretKeyRef', 'name') === proxyNameOf(fn);
  return wantedEnv.filter((variable) => !isOurToken(variable));
}

/** DAPR_HOST and DAPR_SIDECAR_IP are one value under two names; a user who set one meant both. */
function withUsersHost(missing: JsonObject[], env: Json | undefined): JsonObject[] {
  const isHost = ({ name }: JsonObject): boolean =>
    name === EnvVar.daprHost || name === EnvVar.daprSidecarIp;
  const set = objectsOf(env).find(({ item }) => isHost(item));
  if (set === undefined) return missing;
  const { name: _name, ...value } = set.item;
  return missing.map((variable) =>
    isHost(variable) ? { name: variable['name'], ...value } : variable,
  );
}

function warningsOf(
  fn: FunctionModel,
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
  return warnings;
}

/** An APP_PROTOCOL of the user's stays, and nobody is the wiser when daprd speaks another. */
function protocolWarnings(
  fn: FunctionModel,
  mode: EffectiveMode,
  target: FunctionContainer | undefined,
  wantedEnv: readonly JsonObject[],
  injected: InjectedDaprd | undefined,
): string[] {
  const isProtocol = ({ name }: JsonObject): boolean => name === EnvVar.appProtocol;
  const env = keptVariables(target?.container['env'], wantedEnv, injected);
  const protocol = env.find(isProtocol)?.['value'];
  const wanted = wantedEnv.find(isProtocol)?.['value'];
  if (mode === 'disabled' || typeof protocol !== 'string' || protocol === wanted) return [];
  const other =
    mode === 'standalone'
      ? `the proxy of Function "${fn.name}" speaks`
      : `${DaprAnnotation.appProtocol} of the Pod is`;
  return [
    `${EnvVar.appProtocol} of the function container is "${protocol.slice(0, 20)}" and kept, but ${other} "${wanted}"`,
  ];
}

import type { FunctionModel } from '../../api/function.ts';
import { asText, at, type JsonObject } from '../../api/json.ts';
import { BaasAnnotation, DaprAnnotation, EnvVar, Port, tokenSecretKey } from '../../api/keys.ts';
import { type ContextFacts, functionContext } from '../context/function-context.ts';
import { functionContextV1beta2 } from '../context/function-context-v1beta2.ts';
import type { EffectiveMode } from '../effective-mode.ts';
import { appProtocolOf, daprGrpcPortOf, daprHostOf, proxyNameOf } from '../names.ts';

/** Settings of the cluster that reach into a Pod. */
export interface PodSettings {
  /** DNS domain of the cluster, e.g. `cluster.local`. */
  readonly clusterDomain: string;
  /** Whether Functions get API tokens unless they say otherwise. */
  readonly apiTokens: boolean;
}

/**
 * The environment of a function container, in the order it is appended
 * (behaviour: pod admission, table). What the container has already is kept;
 * leaving it out is for the caller.
 *
 * @param protocol from `podProtocol`
 */
export function podEnvironment(
  fn: FunctionModel,
  mode: EffectiveMode,
  protocol: string,
  facts: ContextFacts,
  settings: PodSettings,
): JsonObject[] {
  return [
    ...contextEnvironment(fn, facts),
    { name: EnvVar.appProtocol, value: protocol },
    ...podIdentity(fn.namespace),
    ...(mode === 'standalone' ? proxyEnvironment(fn, settings) : []),
  ];
}

/** FUNC_CONTEXT and FUNC_CONTEXT_V1BETA2, the same for a function's pods and its proxy. */
export function contextEnvironment(fn: FunctionModel, facts: ContextFacts): JsonObject[] {
  return [
    { name: EnvVar.funcContext, value: functionContext(fn, facts) },
    { name: EnvVar.funcContextV1beta2, value: functionContextV1beta2(fn, facts) },
  ];
}

/** POD_NAME and POD_NAMESPACE; a Pod's name is unknown until the API server generates it. */
export function podIdentity(namespace: string): JsonObject[] {
  return [
    {
      name: EnvVar.podName,
      valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } },
    },
    { name: EnvVar.podNamespace, value: namespace },
  ];
}

/** Where the Dapr API of a standalone Function is; its pods get nothing of this from Dapr. */
function proxyEnvironment(fn: FunctionModel, settings: PodSettings): JsonObject[] {
  const host = daprHostOf(fn, settings.clusterDomain);
  const secret = apiTokenSecretOf(fn, settings.apiTokens);
  return [
    { name: EnvVar.daprHost, value: host },
    { name: EnvVar.daprSidecarIp, value: host },
    { name: EnvVar.daprGrpcPort, value: String(daprGrpcPortOf(fn)) },
    { name: EnvVar.daprHttpPort, value: String(Port.daprHttp) },
    ...(secret === undefined ? [] : [tokenVariable(EnvVar.daprApiToken, secret)]),
  ];
}

/** A variable that takes its value from a token Secret; the token itself is never in the Pod. */
export function tokenVariable(name: string, secret: string): JsonObject {
  return { name, valueFrom: { secretKeyRef: { name: secret, key: tokenSecretKey } } };
}

/** Whether a Function's Dapr API asks for a token: its own annotation decides over the cluster setting. */
export function hasApiToken(fn: FunctionModel, clusterSetting: boolean): boolean {
  const own = fn.serving?.annotations[BaasAnnotation.apiToken];
  return own === 'true' || (own !== 'false' && clusterSetting);
}

/** Secret that holds the token for the Dapr API: the user's own, or the controller's where tokens are on. */
export function apiTokenSecretOf(fn: FunctionModel, clusterSetting: boolean): string | undefined {
  return (
    asText(fn.serving?.annotations[DaprAnnotation.apiTokenSecret]) ??
    (hasApiToken(fn, clusterSetting) ? proxyNameOf(fn) : undefined)
  );
}

/** APP_PROTOCOL: in sidecar mode daprd follows the Pod's annotation, and so must the function. */
export function podProtocol(pod: JsonObject, fn: FunctionModel, mode: EffectiveMode): string {
  const onPod =
    mode === 'sidecar'
      ? asText(at(pod, 'metadata', 'annotations', DaprAnnotation.appProtocol))
      : undefined;
  return onPod ?? appProtocolOf(fn);
}

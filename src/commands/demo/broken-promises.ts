import { asObject, at, type JsonObject, objectsOf } from '../../api/json.ts';
import {
  BaasLabel,
  DaprAnnotation,
  daprdContainer,
  EnvVar,
  OpenFunctionAnnotation,
} from '../../api/keys.ts';

/**
 * What an admitted Function lacks for its mode; empty when it is as promised.
 * Written against what users are told, not with the rules that made the object.
 */
export function brokenFunctionPromises(fn: JsonObject, mode: string): string[] {
  const serving = asObject(at(fn, 'spec', 'serving'));
  if (serving === undefined) return [];
  const annotations = asObject(serving['annotations']) ?? {};
  const isEnabled = mode !== 'disabled';
  return unequal([
    [
      OpenFunctionAnnotation.enableDapr,
      annotations[OpenFunctionAnnotation.enableDapr],
      String(isEnabled),
    ],
    ...(isEnabled
      ? ([
          [
            OpenFunctionAnnotation.daprServiceMode,
            annotations[OpenFunctionAnnotation.daprServiceMode],
            mode,
          ],
        ] as const)
      : []),
  ]);
}

/** The same for an admitted Pod. */
export function brokenPodPromises(pod: JsonObject, mode: string): string[] {
  const annotations = asObject(at(pod, 'metadata', 'annotations')) ?? {};
  const containers = objectsOf(at(pod, 'spec', 'containers')).map(({ item }) => item);
  const names = new Set(
    containers.flatMap(({ env }) => objectsOf(env).map(({ item }) => item['name'])),
  );
  const isSidecar = mode === 'sidecar';
  const isStandalone = mode === 'standalone';
  const hasDaprd = containers.some(({ name }) => name === daprdContainer);
  return unequal([
    [BaasLabel.mode, at(pod, 'metadata', 'labels', BaasLabel.mode), mode],
    [DaprAnnotation.enabled, annotations[DaprAnnotation.enabled], String(isSidecar)],
    ['an app-id', annotations[DaprAnnotation.appId] !== undefined, isSidecar],
    [EnvVar.funcContext, names.has(EnvVar.funcContext), true],
    [EnvVar.appProtocol, names.has(EnvVar.appProtocol), true],
    [EnvVar.daprHost, names.has(EnvVar.daprHost), isStandalone],
    ['a daprd container', hasDaprd, false],
  ]);
}

function unequal(expectations: readonly (readonly [string, unknown, unknown])[]): string[] {
  return expectations
    .filter(([, actual, promised]) => actual !== promised)
    .map(
      ([what, actual, promised]) =>
        `${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(promised)}`,
    );
}

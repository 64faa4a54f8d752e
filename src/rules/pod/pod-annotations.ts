import type { FunctionModel } from '../../api/function.ts';
import { asObject, at, type JsonObject, objectsOf, own } from '../../api/json.ts';
import { DaprAnnotation, daprPrefix, knativeRevisionLabel, Port } from '../../api/keys.ts';
import type { EffectiveMode } from '../effective-mode.ts';
import { appIdOf, appPortOf, appProtocolOf } from '../names.ts';

/**
 * Every `dapr.io/*` annotation that the user wrote under `spec.serving.annotations`.
 * An empty one counts as unset, here as for the names: daprd refuses an empty app-id.
 */
export function userDaprAnnotations(fn: FunctionModel): [string, string][] {
  return Object.entries(fn.serving?.annotations ?? {}).filter(
    ([key, value]) => key.startsWith(daprPrefix) && value !== '',
  );
}

/** What a daprd of this Function needs to be told, in a function pod as in the proxy's. */
export function daprdAnnotations(fn: FunctionModel): Map<string, string> {
  return new Map([
    [DaprAnnotation.enabled, 'true'],
    [DaprAnnotation.appId, appIdOf(fn)],
    [DaprAnnotation.appPort, appPortOf(fn)],
    [DaprAnnotation.appProtocol, appProtocolOf(fn)],
    [DaprAnnotation.logAsJson, 'true'],
  ]);
}

/**
 * The `dapr.io/*` annotations that an admitted Pod has, as changes to those it
 * came with (behaviour: pod admission, table).
 *
 * Sidecar: the derived ones, over them what the Function's user wrote, over
 * those what stands on the Pod. Otherwise `dapr.io/enabled: "false"` and no
 * other, so that Dapr's injector, when it is called again, stays away.
 *
 * @returns value per key; undefined removes the key
 */
export function podAnnotations(
  pod: JsonObject,
  fn: FunctionModel,
  mode: EffectiveMode,
): Map<string, string | undefined> {
  const present = asObject(at(pod, 'metadata', 'annotations'));
  if (mode === 'sidecar') {
    const derived = daprdAnnotations(fn);
    if (isKnativePod(pod, fn)) {
      derived.set(DaprAnnotation.metricsPort, String(Port.daprMetricsBesideKnative));
    }
    const wanted = new Map<string, string | undefined>([...derived, ...userDaprAnnotations(fn)]);
    for (const key of wanted.keys()) {
      if (own(present, key) !== undefined) wanted.delete(key);
    }
    return wanted;
  }
  const wanted = new Map<string, string | undefined>([[DaprAnnotation.enabled, 'false']]);
  for (const key of Object.keys(present ?? {})) {
    if (key.startsWith(daprPrefix) && !wanted.has(key)) wanted.set(key, undefined);
  }
  return wanted;
}

/** Whether Knative's queue-proxy runs, or will run, in the Pod. */
function isKnativePod(pod: JsonObject, fn: FunctionModel): boolean {
  return (
    fn.serving?.httpEngine === 'knative' ||
    at(pod, 'metadata', 'labels', knativeRevisionLabel) !== undefined ||
    objectsOf(at(pod, 'spec', 'containers')).some(({ item }) => item['name'] === 'queue-proxy')
  );
}

import { asObject, asText, at, type JsonObject } from '../../api/json.ts';
import { DaprAnnotation } from '../../api/keys.ts';

/**
 * The app-id for which Dapr's operator makes the Service `<app-id>-dapr` because
 * of a workload. It looks at the templates of two kinds, and at no Pod.
 */
export function servedAppIdOf(workload: JsonObject): string | undefined {
  if (workload['kind'] !== 'Deployment' && workload['kind'] !== 'StatefulSet') return undefined;
  const annotations = asObject(at(workload, 'spec', 'template', 'metadata', 'annotations'));
  const isEnabled = truthy.has(asText(annotations?.[DaprAnnotation.enabled])?.toLowerCase() ?? '');
  return isEnabled ? asText(annotations?.[DaprAnnotation.appId]) : undefined;
}

/** What Dapr's operator takes for true. */
const truthy: ReadonlySet<string> = new Set(['y', 'yes', 'true', 't', 'on', '1']);

import type { FunctionModel } from '../../api/function.ts';
import type { JsonObject } from '../../api/json.ts';
import { tokenSecretKey } from '../../api/keys.ts';
import type { ContextFacts } from '../context/function-context.ts';
import { effectiveMode } from '../effective-mode.ts';
import { proxyNameOf } from '../names.ts';
import { daprComponents } from './dapr-components.ts';
import { withExtraMetadata } from './extra-metadata.ts';
import { managedMetadata } from './managed-metadata.ts';
import { proxyDeployment } from './proxy-deployment.ts';
import { proxyNetworkPolicy } from './proxy-network-policy.ts';
import { eventsService, proxyService, sidecarService } from './proxy-services.ts';
import { type ProxySettings, proxySettingsFor } from './proxy-settings.ts';

export interface DesiredFacts extends ContextFacts {
  /**
   * Whether a workload's template carries `dapr.io/enabled: "true"` for the
   * Function's app-id: then Dapr's operator makes the Service of sidecar mode.
   */
  readonly hasAnnotatedWorkload: boolean;
  /**
   * A fresh random token, for a Secret that is not there yet: base64 of its text, as
   * `data` holds it. `stringData` would be shorter, but server-side apply does not own it.
   */
  readonly newTokenBase64: string;
}

/**
 * The objects that the controller keeps for a Function (behaviour: what the
 * controller keeps), in the order in which they are applied: what a proxy's
 * start needs comes before the proxy.
 *
 * @param cluster settings of the cluster; what the Function overrides is looked up here
 */
export function desiredObjects(
  fn: FunctionModel,
  facts: DesiredFacts,
  cluster: ProxySettings,
): JsonObject[] {
  const { settings } = proxySettingsFor(fn, cluster);
  return objectsOf(fn, facts, settings).map((object) => withExtraMetadata(object, settings));
}

function objectsOf(fn: FunctionModel, facts: DesiredFacts, settings: ProxySettings): JsonObject[] {
  const { mode } = effectiveMode(fn.serving);
  if (mode === 'disabled') return [];
  const components = daprComponents(fn, facts);
  if (mode === 'sidecar') {
    return [...components, ...(facts.hasAnnotatedWorkload ? [] : [sidecarService(fn)])];
  }
  return [
    ...components,
    ...(settings.apiTokens ? [tokenSecret(fn, facts.newTokenBase64)] : []),
    proxyService(fn),
    ...(fn.serving?.runtime === 'async' ? [eventsService(fn)] : []),
    ...(settings.networkPolicy ? [proxyNetworkPolicy(fn)] : []),
    proxyDeployment(fn, facts, settings),
  ];
}

/** Written once, when it is missing; whoever holds the token keeps it. */
function tokenSecret(fn: FunctionModel, tokenBase64: string): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: managedMetadata(fn, proxyNameOf(fn)),
    type: 'Opaque',
    data: { [tokenSecretKey]: tokenBase64 },
  };
}

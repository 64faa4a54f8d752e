import type { ProxySettings } from '../rules/proxy/proxy-settings.ts';
import type { SettingsOf } from './option.ts';
import * as options from './options-of-proxies.ts';

/** The options that shape proxies. Every process takes all of them, so that one set of settings serves each. */
export const proxyOptions = { ...options };

/** The settings of a cluster's proxies, as the rules take them. */
export function proxySettingsOf(parsed: SettingsOf<typeof proxyOptions>): ProxySettings {
  return {
    clusterDomain: parsed.clusterDomain,
    apiTokens: parsed.apiTokens,
    networkPolicy: parsed.networkPolicy,
    image: parsed.proxyImage,
    replicas: parsed.proxyReplicas,
    resources: {
      cpuRequest: parsed.proxyCpuRequest,
      cpuLimit: parsed.proxyCpuLimit,
      memoryRequest: parsed.proxyMemoryRequest,
      memoryLimit: parsed.proxyMemoryLimit,
    },
    nodeSelector: parsed.proxyNodeSelector,
    tolerations: parsed.proxyTolerations,
    priorityClass: parsed.proxyPriorityClass,
    imagePullSecrets: parsed.proxyImagePullSecrets,
    labels: parsed.proxyLabels,
    annotations: parsed.proxyAnnotations,
  };
}

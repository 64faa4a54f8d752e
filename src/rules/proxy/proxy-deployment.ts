import type { FunctionModel } from '../../api/function.ts';
import { asPort, asText, isEmpty, type JsonObject } from '../../api/json.ts';
import { DaprAnnotation, EnvVar, Port } from '../../api/keys.ts';
import type { ContextFacts } from '../context/function-context.ts';
import { appPortOf, appProtocolOf, eventsServiceNameOf, proxyNameOf } from '../names.ts';
import { daprdAnnotations, userDaprAnnotations } from '../pod/pod-annotations.ts';
import { contextEnvironment, podIdentity, tokenVariable } from '../pod/pod-environment.ts';
import { daprdEnvironment } from './daprd-environment.ts';
import { managedLabels, managedMetadata, proxyAppName, proxySelector } from './managed-metadata.ts';
import { containerResources } from './proxy-resources.ts';
import type { ProxySettings } from './proxy-settings.ts';

/** What the restricted Pod Security Standard asks of a container, and a read-only root. */
const restrictedSecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** What makes a proxy small: settings of Node and of the C library under it. */
export const memorySettings: Readonly<Record<string, string>> = {
  // Events are short-lived: V8 would let them fill 16 MiB twice before it cleared them
  // away, and a proxy under load would take twice the memory for no more events.
  [EnvVar.nodeOptions]: '--max-semi-space-size=2',
  // One heap for all threads: those beside the one that works only help V8, and what each
  // would keep for itself is some 6 MiB in all.
  [EnvVar.mallocArenaMax]: '1',
};

/** The port on which daprd and the function speak; the proxy takes the function's place on it. */
export function forwardedPortOf(fn: FunctionModel): number {
  return asPort(appPortOf(fn)) ?? fn.port;
}

/** The proxy's port for health and metrics; it makes way for a function that listens there. */
export function proxyHealthPortOf(fn: FunctionModel): number {
  return forwardedPortOf(fn) === Port.health ? Port.health + 1 : Port.health;
}

/** The port of daprd's metrics beside the proxy; it makes way as well. */
export function proxyMetricsPortOf(fn: FunctionModel): number {
  const chosen = asPort(fn.serving?.annotations[DaprAnnotation.metricsPort]);
  const isTaken = forwardedPortOf(fn) === Port.daprMetrics;
  return chosen ?? (isTaken ? Port.daprMetricsBesideKnative : Port.daprMetrics);
}

/**
 * The proxy of a standalone Function. A Deployment, because Dapr's injector
 * serves only pods that built-in controllers make; one per Function, because two
 * with one app-id make Dapr's operator rewrite its Service back and forth.
 *
 * @param settings those that hold for this Function
 */
export function proxyDeployment(
  fn: FunctionModel,
  facts: ContextFacts,
  settings: ProxySettings,
): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: managedMetadata(fn, proxyNameOf(fn)),
    spec: {
      // Left out, it stays as the autoscaler that owns it writes it.
      ...(settings.replicas === 'unmanaged' ? {} : { replicas: settings.replicas }),
      selector: { matchLabels: proxySelector(fn) },
      template: {
        metadata: {
          labels: managedLabels(fn),
          annotations: proxyAnnotations(fn, settings),
        },
        spec: {
          // A Service called "function" would otherwise put FUNCTION_PORT=tcp://... into the proxy.
          enableServiceLinks: false,
          ...scheduling(settings),
          containers: [proxyContainer(fn, facts, settings)],
        },
      },
    },
  };
}

/** Where the pods run, before whom, and how their image is had; empty lists are left out. */
function scheduling(settings: ProxySettings): JsonObject {
  const { nodeSelector, tolerations, priorityClass, imagePullSecrets } = settings;
  return {
    ...(isEmpty(nodeSelector) ? {} : { nodeSelector: { ...nodeSelector } }),
    ...(isEmpty(tolerations) ? {} : { tolerations: tolerations.map((one) => ({ ...one })) }),
    ...(priorityClass === undefined ? {} : { priorityClassName: priorityClass }),
    ...(isEmpty(imagePullSecrets)
      ? {}
      : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
  };
}

function proxyAnnotations(fn: FunctionModel, settings: ProxySettings): Record<string, string> {
  const secret = proxyNameOf(fn);
  return {
    ...Object.fromEntries(daprdAnnotations(fn)),
    // The Dapr API has to listen beyond localhost: the function's pods are its clients.
    [DaprAnnotation.sidecarListenAddresses]: '[::],0.0.0.0',
    ...(proxyMetricsPortOf(fn) === Port.daprMetrics
      ? {}
      : { [DaprAnnotation.metricsPort]: String(proxyMetricsPortOf(fn)) }),
    ...(settings.apiTokens
      ? { [DaprAnnotation.apiTokenSecret]: secret, [DaprAnnotation.appTokenSecret]: secret }
      : {}),
    ...Object.fromEntries(userDaprAnnotations(fn)),
    // Whatever the user wrote: a proxy without daprd is none.
    [DaprAnnotation.enabled]: 'true',
  };
}

function proxyContainer(
  fn: FunctionModel,
  facts: ContextFacts,
  settings: ProxySettings,
): JsonObject {
  const port = forwardedPortOf(fn);
  const healthPort = proxyHealthPortOf(fn);
  const resources = containerResources(settings.resources);
  return {
    name: proxyAppName,
    image: settings.image,
    args: ['proxy'],
    ports: [
      { name: 'function', containerPort: port, protocol: 'TCP' },
      { name: 'health', containerPort: healthPort, protocol: 'TCP' },
    ],
    env: [
      ...contextEnvironment({ ...fn, port }, facts),
      { name: EnvVar.appProtocol, value: appProtocolOf(fn) },
      ...podIdentity(fn.namespace),
      { name: EnvVar.healthPort, value: String(healthPort) },
      ...forwardingEnvironment(fn, port, settings),
      ...appTokenEnvironment(fn, settings),
      ...daprdEnvironment(fn),
      ...Object.entries(memorySettings).map(([name, value]) => ({ name, value })),
    ],
    // Without them a namespace with a ResourceQuota refuses the Pod.
    ...(resources === undefined ? {} : { resources }),
    readinessProbe: probe('/readyz', 2),
    livenessProbe: probe('/healthz', 10),
    securityContext: restrictedSecurityContext,
  };
}

/** Only async Functions are fed with events; the proxy of a sync one forwards nothing. */
function forwardingEnvironment(
  fn: FunctionModel,
  port: number,
  settings: ProxySettings,
): JsonObject[] {
  if (fn.serving?.runtime !== 'async') return [];
  const host = `${eventsServiceNameOf(fn)}.${fn.namespace}.svc.${settings.clusterDomain}`;
  return [
    { name: EnvVar.functionHost, value: host },
    { name: EnvVar.functionPort, value: String(port) },
  ];
}

/** daprd sends this token with every event, and the proxy refuses calls without it. */
function appTokenEnvironment(fn: FunctionModel, settings: ProxySettings): JsonObject[] {
  const chosen = asText(fn.serving?.annotations[DaprAnnotation.appTokenSecret]);
  const secret = chosen ?? (settings.apiTokens ? proxyNameOf(fn) : undefined);
  return secret === undefined ? [] : [tokenVariable(EnvVar.appApiToken, secret)];
}

function probe(path: string, periodSeconds: number): JsonObject {
  return { httpGet: { path, port: 'health' }, periodSeconds, failureThreshold: 3 };
}

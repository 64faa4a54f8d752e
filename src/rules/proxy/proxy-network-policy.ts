import type { FunctionModel } from '../../api/function.ts';
import { asPort, type JsonObject } from '../../api/json.ts';
import { DaprAnnotation, Port } from '../../api/keys.ts';
import { daprGrpcPortOf, proxyNameOf } from '../names.ts';
import { functionPodSelector, managedMetadata, proxySelector } from './managed-metadata.ts';
import { proxyHealthPortOf, proxyMetricsPortOf } from './proxy-deployment.ts';

/**
 * Keeps the cluster away from a proxy's Dapr API: only the Function's pods reach
 * it, because a daprd that listens beyond localhost otherwise serves everybody.
 * Health, metrics, and daprd's own mutually authenticated port for service
 * invocation stay open.
 */
export function proxyNetworkPolicy(fn: FunctionModel): JsonObject {
  const annotations = fn.serving?.annotations ?? {};
  const open = [
    proxyHealthPortOf(fn),
    Port.daprPublicHealth,
    proxyMetricsPortOf(fn),
    asPort(annotations[DaprAnnotation.internalGrpcPort]) ?? Port.daprInternalGrpc,
  ];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: managedMetadata(fn, proxyNameOf(fn)),
    spec: {
      podSelector: { matchLabels: proxySelector(fn) },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: functionPodSelector(fn) } }],
          ports: [tcp(Port.daprHttp), tcp(daprGrpcPortOf(fn))],
        },
        { ports: open.map(tcp) },
      ],
    },
  };
}

function tcp(port: number): JsonObject {
  return { protocol: 'TCP', port };
}

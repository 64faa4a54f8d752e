import type { FunctionModel } from '../../api/function.ts';
import { asPort, type JsonObject } from '../../api/json.ts';
import { DaprAnnotation, Port } from '../../api/keys.ts';
import { appIdOf, daprGrpcPortOf, eventsServiceNameOf, proxyNameOf } from '../names.ts';
import { functionPodSelector, managedMetadata, proxySelector } from './managed-metadata.ts';
import { forwardedPortOf } from './proxy-deployment.ts';

/** The Dapr API of a standalone Function: what `DAPR_HOST` names. */
export function proxyService(fn: FunctionModel): JsonObject {
  return service(fn, proxyNameOf(fn), {
    selector: proxySelector(fn),
    ports: [port('http', Port.daprHttp), port('grpc', daprGrpcPortOf(fn))],
  });
}

/** Reaches the pods of an async Function one by one; headless, so that the proxy balances and not the kernel. */
export function eventsService(fn: FunctionModel): JsonObject {
  return service(fn, eventsServiceNameOf(fn), {
    clusterIP: 'None',
    publishNotReadyAddresses: false,
    selector: functionPodSelector(fn),
    ports: [port('function', forwardedPortOf(fn))],
  });
}

/**
 * `<app-id>-dapr` for a Function in sidecar mode. Dapr's operator makes it from
 * workload templates alone and never sees an annotation that admission put on a Pod.
 */
export function sidecarService(fn: FunctionModel): JsonObject {
  const annotations = fn.serving?.annotations ?? {};
  return service(
    fn,
    `${appIdOf(fn)}-dapr`,
    {
      clusterIP: 'None',
      selector: functionPodSelector(fn),
      ports: [
        port('dapr-http', Port.daprHttp),
        port('dapr-grpc', daprGrpcPortOf(fn)),
        port(
          'dapr-internal',
          asPort(annotations[DaprAnnotation.internalGrpcPort]) ?? Port.daprInternalGrpc,
        ),
      ],
    },
    { [DaprAnnotation.enabled]: 'true' },
    { [DaprAnnotation.appId]: appIdOf(fn) },
  );
}

function service(
  fn: FunctionModel,
  name: string,
  spec: JsonObject,
  labels?: Record<string, string>,
  annotations?: Record<string, string>,
): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...managedMetadata(fn, name, labels),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec,
  };
}

/** Target equals port: a headless Service maps nothing, clients reach the pod's own port. */
function port(name: string, number: number): JsonObject {
  return { name, port: number, targetPort: number, protocol: 'TCP' };
}

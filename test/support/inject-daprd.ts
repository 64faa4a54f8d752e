import type { JsonObject } from '../../src/api/json.ts';
import { listAt, objectAt, pick, wireCopy } from './json.ts';

export interface InjectionOptions {
  /** As a restartable init container instead of a container. */
  readonly native?: boolean;
  /** Sets up the socket that `dapr.io/unix-domain-socket-path` asks for. */
  readonly unixDomainSocket?: boolean;
  /** Sets up the folder in which pluggable components put their sockets. */
  readonly pluggableComponents?: boolean;
}

/**
 * A Pod after Dapr's sidecar injector: the daprd container or native sidecar,
 * its volumes, its labels, and environment and mounts of the other containers.
 */
export function injectDaprd(pod: JsonObject, options: InjectionOptions = {}): JsonObject {
  const injected = wireCopy(pod);
  const metadata = objectAt(injected, 'metadata');
  const spec = objectAt(injected, 'spec');
  const annotation = (name: string): string | undefined => {
    const value = pick(metadata, 'annotations', `dapr.io/${name}`);
    return typeof value === 'string' ? value : undefined;
  };
  const grpcPort = annotation('grpc-port') ?? '50001';
  const protocol = annotation('app-protocol') ?? 'http';

  spec['containers'] = listAt(spec, 'containers').map((container) =>
    withInjectorsShare(container, grpcPort, protocol, options),
  );
  spec['volumes'] = [...listAt(spec, 'volumes'), ...volumes(options)];
  const daprd = daprdContainer(annotation('app-id') ?? 'orders-shop', grpcPort, options);
  const field = options.native === true ? 'initContainers' : 'containers';
  spec[field] = [...listAt(spec, field), daprd];
  metadata['labels'] = {
    ...objectAt(metadata, 'labels'),
    'dapr.io/sidecar-injected': 'true',
    'dapr.io/app-id': annotation('app-id') ?? 'orders-shop',
    'dapr.io/metrics-enabled': 'true',
  };
  return injected;
}

/** What every other container gets, each variable only where its name is free. */
function withInjectorsShare(
  container: JsonObject,
  grpcPort: string,
  protocol: string,
  options: InjectionOptions,
): JsonObject {
  const present = listAt(container, 'env');
  const additional = [
    { name: 'DAPR_HTTP_PORT', value: '3500' },
    { name: 'DAPR_GRPC_PORT', value: grpcPort },
    { name: 'APP_PROTOCOL', value: protocol },
  ].filter(({ name }) => !present.some((variable) => variable['name'] === name));
  const mounts = mountsOfOthers(options);
  return {
    ...container,
    env: [...present, ...additional],
    ...(mounts.length === 0
      ? {}
      : { volumeMounts: [...listAt(container, 'volumeMounts'), ...mounts] }),
  };
}

function mountsOfOthers(options: InjectionOptions): JsonObject[] {
  const mounts: JsonObject[] = [];
  if (options.unixDomainSocket === true) {
    mounts.push({ name: 'dapr-unix-domain-socket', mountPath: '/tmp/dapr' });
  }
  if (options.pluggableComponents === true) {
    mounts.push({
      name: 'dapr-components-unix-domain-socket',
      mountPath: '/tmp/dapr-components-sockets',
    });
  }
  return mounts;
}

function volumes(options: InjectionOptions): JsonObject[] {
  const audience = 'spiffe://localhost/ns/dapr-system/dapr-sentry';
  const token = { audience, expirationSeconds: 7200, path: 'token' };
  const all: JsonObject[] = [
    {
      name: 'dapr-identity-token',
      projected: { sources: [{ serviceAccountToken: token }], defaultMode: 420 },
    },
  ];
  if (options.unixDomainSocket === true) {
    all.push({ name: 'dapr-unix-domain-socket', emptyDir: { medium: 'Memory' } });
  }
  if (options.pluggableComponents === true) {
    all.push({ name: 'dapr-components-unix-domain-socket', emptyDir: {} });
  }
  return all;
}

function daprdContainer(appId: string, grpcPort: string, options: InjectionOptions): JsonObject {
  const probe = { httpGet: { path: '/v1.0/healthz', port: 3501 }, periodSeconds: 6 };
  return {
    name: 'daprd',
    image: 'example.com/daprd:1.16.0',
    args: ['/daprd', '--dapr-http-port', '3500', '--dapr-grpc-port', grpcPort, '--app-id', appId],
    ports: [
      { name: 'dapr-http', containerPort: 3500, protocol: 'TCP' },
      { name: 'dapr-grpc', containerPort: Number(grpcPort), protocol: 'TCP' },
      { name: 'dapr-internal', containerPort: 50002, protocol: 'TCP' },
      { name: 'dapr-metrics', containerPort: 9090, protocol: 'TCP' },
    ],
    env: [
      { name: 'NAMESPACE', value: 'shop' },
      { name: 'DAPR_TRUST_ANCHORS', value: '-----BEGIN CERTIFICATE-----' },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'DAPR_CONTROLPLANE_NAMESPACE', value: 'dapr-system' },
      { name: 'DAPR_CONTROLPLANE_TRUST_DOMAIN', value: 'localhost' },
    ],
    volumeMounts: [
      {
        name: 'dapr-identity-token',
        mountPath: '/var/run/secrets/dapr.io/sentrytoken',
        readOnly: true,
      },
      ...mountsOfOthers(options),
    ],
    readinessProbe: probe,
    livenessProbe: probe,
    securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true },
    ...(options.native === true ? { restartPolicy: 'Always' } : {}),
  };
}

/**
 * The one place that spells an annotation, label, environment variable, port or
 * object name. Each line says who writes it and who reads it.
 */

/** Annotations of OpenFunction, under `spec.serving.annotations` of a Function. */
export const OpenFunctionAnnotation = {
  /** Users write it, this webhook defaults it; `"true"` or `"false"`. OpenFunction reads it too. */
  enableDapr: 'openfunction.io/enable-dapr',
  /** Users write it, this webhook defaults it; `standalone` or `sidecar`. OpenFunction reads it too. */
  daprServiceMode: 'openfunction.io/dapr-service-mode',
} as const;

/** Labels of OpenFunction. */
export const OpenFunctionLabel = {
  /** OpenFunction writes it on Servings and builds, this webhook on function pods; Services select on it. */
  function: 'openfunction.io/function',
  /** OpenFunction writes it on workloads, pods and Components; names their Serving. */
  serving: 'openfunction.io/serving',
  /** OpenFunction 0.8 and later writes it on its own proxy's Deployment and pods; names their Serving. */
  proxy: 'openfunction.io/proxy',
  /** Written on every object that OpenFunction or this project manages. */
  managed: 'openfunction.io/managed',
} as const;

/** Labels of this project. */
export const BaasLabel = {
  /** The controller writes it on a proxy's objects and pods; names their Function. */
  proxy: 'baas.openfunction.io/proxy',
  /** This webhook writes it on every pod it admitted; holds the effective mode. The controller reads it. */
  mode: 'baas.openfunction.io/mode',
  /** Users write `disabled` on a Pod to keep it from this webhook. */
  inject: 'baas.openfunction.io/inject',
  /** The controller writes it on the Component it makes; holds the name that the Function declares. */
  component: 'baas.openfunction.io/component',
} as const;

/** Annotations of this project. */
export const BaasAnnotation = {
  /** Users write it on a Pod to name the container that runs the function. */
  functionContainer: 'baas.openfunction.io/function-container',
  /** Users write it under `spec.serving.annotations`: `"true"` or `"false"` decides over the cluster setting. */
  apiToken: 'baas.openfunction.io/api-token',
  /**
   * Users write these under `spec.serving.annotations`, and the rules of the proxy read them:
   * each decides over the cluster's setting of the same name, for this Function's proxy.
   */
  networkPolicy: 'baas.openfunction.io/network-policy',
  proxyImage: 'baas.openfunction.io/proxy-image',
  proxyReplicas: 'baas.openfunction.io/proxy-replicas',
  proxyCpuRequest: 'baas.openfunction.io/proxy-cpu-request',
  proxyCpuLimit: 'baas.openfunction.io/proxy-cpu-limit',
  proxyMemoryRequest: 'baas.openfunction.io/proxy-memory-request',
  proxyMemoryLimit: 'baas.openfunction.io/proxy-memory-limit',
  proxyNodeSelector: 'baas.openfunction.io/proxy-node-selector',
  proxyTolerations: 'baas.openfunction.io/proxy-tolerations',
  proxyPriorityClass: 'baas.openfunction.io/proxy-priority-class',
  proxyImagePullSecrets: 'baas.openfunction.io/proxy-image-pull-secrets',
  proxyLabels: 'baas.openfunction.io/proxy-labels',
  proxyAnnotations: 'baas.openfunction.io/proxy-annotations',
} as const;

/** Annotations of this project on the Secret of its certificates. */
export const CertificateAnnotation = {
  /** This webhook writes and reads it: until when a serving certificate that was replaced may be in use somewhere. */
  replacedUntil: 'baas.openfunction.io/replaced-until',
} as const;

/** Domains of the keys that OpenFunction, Dapr and this project write and read. */
export const ownKeyDomains = ['openfunction.io', 'dapr.io'] as const;

/** What comes before every annotation and label of Dapr. */
export const daprPrefix = 'dapr.io/';

/** Annotations that Dapr's sidecar injector reads from pods. Users, OpenFunction and this project write them. */
export const DaprAnnotation = {
  enabled: 'dapr.io/enabled',
  appId: 'dapr.io/app-id',
  appPort: 'dapr.io/app-port',
  appProtocol: 'dapr.io/app-protocol',
  /** Where daprd asks over HTTP whether its app is well. */
  appHealthCheckPath: 'dapr.io/app-health-check-path',
  /** Largest message, a quantity; the second is its older name, in MB. */
  maxBodySize: 'dapr.io/max-body-size',
  httpMaxRequestSize: 'dapr.io/http-max-request-size',
  logAsJson: 'dapr.io/log-as-json',
  metricsPort: 'dapr.io/metrics-port',
  grpcPort: 'dapr.io/grpc-port',
  internalGrpcPort: 'dapr.io/internal-grpc-port',
  sidecarListenAddresses: 'dapr.io/sidecar-listen-addresses',
  apiTokenSecret: 'dapr.io/api-token-secret',
  appTokenSecret: 'dapr.io/app-token-secret',
  /** The injector then adds the containers of pluggable components as well. */
  injectPluggableComponents: 'dapr.io/inject-pluggable-components',
} as const;

/** Labels that Dapr's sidecar injector writes on the pods it has injected. */
export const DaprLabel = {
  sidecarInjected: 'dapr.io/sidecar-injected',
  appId: 'dapr.io/app-id',
  metricsEnabled: 'dapr.io/metrics-enabled',
} as const;

/** The container, or native-sidecar init container, that Dapr's injector adds. */
export const daprdContainer = 'daprd';

/** Volumes that Dapr's injector adds; it mounts the last two into application containers as well. */
export const daprVolumes: ReadonlySet<string> = new Set([
  'dapr-identity-token',
  'dapr-unix-domain-socket',
  'dapr-components-unix-domain-socket',
]);

/** Environment variables of function and proxy containers. */
export const EnvVar = {
  /** JSON that the functions frameworks read, in the shape of OpenFunction v1beta1. */
  funcContext: 'FUNC_CONTEXT',
  /** The same for v1beta2; written by OpenFunction from 1.1.0 on. */
  funcContextV1beta2: 'FUNC_CONTEXT_V1BETA2',
  /** The functions frameworks listen with this protocol: `grpc` or `http`. */
  appProtocol: 'APP_PROTOCOL',
  /** Host of the Dapr API; read by the functions frameworks. */
  daprHost: 'DAPR_HOST',
  /** The same value, under the name that Dapr's Go and Java SDKs read. */
  daprSidecarIp: 'DAPR_SIDECAR_IP',
  /** Ports of the Dapr API; Dapr's injector writes them on the pods it injects. */
  daprGrpcPort: 'DAPR_GRPC_PORT',
  daprHttpPort: 'DAPR_HTTP_PORT',
  /** Dapr's SDKs send it to daprd with every call. */
  daprApiToken: 'DAPR_API_TOKEN',
  /** What daprd sends to its app; the proxy checks it. */
  appApiToken: 'APP_API_TOKEN',
  /** Required by the Go functions framework. */
  podName: 'POD_NAME',
  podNamespace: 'POD_NAMESPACE',
  /** Where the proxy forwards the events of an async Function. */
  functionHost: 'FUNCTION_HOST',
  functionPort: 'FUNCTION_PORT',
  /** The proxy's port for health and metrics. */
  healthPort: 'HEALTH_PORT',
  nodeOptions: 'NODE_OPTIONS',
  /** Read by glibc: how many heaps the threads of a process have for themselves. */
  mallocArenaMax: 'MALLOC_ARENA_MAX',
  /** What the proxy has to know of how the daprd beside it is set, where that is not the default. */
  appHealthCheckPath: 'APP_HEALTH_CHECK_PATH',
  maxMessageSize: 'MAX_MESSAGE_SIZE',
} as const;

/** Ports. Numbers that belong to Dapr are fixed by its injector, which has no setting for the HTTP port. */
export const Port = {
  daprHttp: 3500,
  daprGrpc: 50001,
  /** daprd to daprd, mutually authenticated. */
  daprInternalGrpc: 50002,
  /** daprd's health, open to the kubelet. */
  daprPublicHealth: 3501,
  daprMetrics: 9090,
  /** daprd's metrics move here in a Knative pod, because queue-proxy owns 9090. */
  daprMetricsBesideKnative: 19090,
  /** A function's port when the Function names none. */
  functionDefault: 8080,
  /** Health and metrics of every process of this project. */
  health: 9440,
} as const;

/** Type of Secrets that hold a certificate and its key. Tools that know it show when they expire. */
export const tlsSecretType = 'kubernetes.io/tls';

/** Key, inside a token Secret, that Dapr's injector reads. */
export const tokenSecretKey = 'token';

/** Name that OpenFunction gives the container of a function. */
export const functionContainerName = 'function';

/** Name that Knative gives the container of a user. */
export const knativeContainerName = 'user-container';

/** Containers that run beside a function and are never the function itself. */
export const sidecarContainers: ReadonlySet<string> = new Set([
  daprdContainer,
  'queue-proxy',
  'istio-proxy',
  'linkerd-proxy',
]);

/** The kubelet writes it on the API's image of a static pod, which nobody may change. */
export const mirrorPodAnnotation = 'kubernetes.io/config.mirror';

/** Knative writes it on the pods of a Revision. */
export const knativeRevisionLabel = 'serving.knative.dev/revision';

/** `kubectl apply` keeps the manifest it last applied here. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** Recommended Kubernetes labels, written on every object that the controller keeps. */
export const CommonLabel = {
  name: 'app.kubernetes.io/name',
  version: 'app.kubernetes.io/version',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  partOf: 'app.kubernetes.io/part-of',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** What this project calls itself: `app.kubernetes.io/managed-by`, field manager, event reporter. */
export const projectName = 'openfunction-dapr-webhook';

/**
 * Name of both webhook configurations. The API server calls webhooks in the
 * order of these names, and this one has to come before `dapr-sidecar-injector`.
 */
export const webhookConfigurationName = 'baas.openfunction.io';

/** Dapr's sidecar injector, as Dapr's chart calls it. */
export const DaprInjector = {
  /** Its MutatingWebhookConfiguration, and the webhook in that. */
  configuration: 'dapr-sidecar-injector',
  webhook: 'sidecar-injector.dapr.io',
  /** Label `app` of its Deployment. */
  app: 'dapr-sidecar-injector',
} as const;

/** The Deployment of OpenFunction's controller, and the container in it that has OpenFunction's image. */
export const OpenFunctionController = {
  deployment: 'openfunction-controller-manager',
  container: 'openfunction',
} as const;

/** API servers write it on every namespace, with its name; the webhook configurations select by it. */
export const namespaceNameLabel = 'kubernetes.io/metadata.name';

/** Kubernetes writes it on EndpointSlices; names their Service. */
export const serviceNameLabel = 'kubernetes.io/service-name';

/** Function's API group, and the versions this project understands, newest first. */
export const functionGroup = 'core.openfunction.io';
export const functionVersions = ['v1beta2', 'v1beta1'] as const;
export type FunctionVersion = (typeof functionVersions)[number];

/** Dapr's Component. */
export const componentApiVersion = 'dapr.io/v1alpha1';

import fc from 'fast-check';
import type { Json, JsonObject } from '../../src/api/json.ts';
import type { FunctionVersion } from '../../src/api/keys.ts';
import {
  daprServiceMode,
  enableDapr,
  managerOwning,
  namespace,
  statusManager,
} from './functions.ts';

/** Keys and texts that break what is careless about JSON pointers, prototypes or encodings. */
const hostileTexts = [
  ...['', ' ', '~', '/', '~0', '~1', 'a/b~c', '..', '-', '0', '"', '\\', '\n', '\u0000', '\u2028'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'toJSON', 'valueOf'],
  ...['null', 'true', 'ä', '日本語', '🦀', '\uFEFF', '$(FUNC_CONTEXT)', '<script>', 'ﬀ'],
];

const hostileText = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.integer({ min: 60, max: 300 }).map((length) => 'x'.repeat(length)),
);

/**
 * Keys without a backslash: once some object has one, the JSON.parse of Node 24
 * takes other keys that are written with an escape for it. Names of inputs and
 * outputs become keys as well, of FUNC_CONTEXT.
 */
const hostileKey = hostileText.filter((text) => !text.includes('\\'));

/** An object of entries; a `__proto__` key becomes an own one. */
function objectOf(
  keys: fc.Arbitrary<string>,
  values: fc.Arbitrary<Json>,
  maxLength: number,
): fc.Arbitrary<JsonObject> {
  return fc
    .array(fc.tuple(keys, values), { maxLength })
    .map((entries) => Object.fromEntries(entries));
}

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  hostileText,
);

/** Any JSON. */
export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }),
    objectOf(hostileKey, tie('json'), 4),
  ),
})).json;

/** The given kind of value nine times out of ten, else any JSON. */
function mostly(value: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: anyJson });
}

/** An object with any of these members, and now and then with ones that nobody knows. */
function objectWith(members: Record<string, fc.Arbitrary<Json>>): fc.Arbitrary<JsonObject> {
  const known = fc.record(members, { requiredKeys: [], noNullPrototype: true });
  return fc
    .tuple(objectOf(hostileKey, anyJson, 2), known)
    .map(([unknown, some]) => ({ ...unknown, ...some }));
}

const dnsName = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/);
const longName = fc
  .integer({ min: 45, max: 63 })
  .map((length) => 'abcdefghi-'.repeat(7).slice(0, length));

/** A name that an API server accepts and a label can hold. */
export const validName = fc.oneof(
  dnsName,
  longName.map((name) => name.replace(/-+$/, 'z')),
  fc.tuple(dnsName, dnsName).map(([left, right]) => `${left}.${right}`),
);

const componentName = fc.oneof(fc.constantFrom('kafka', 'cron', 'store'), hostileKey);
const componentType = fc.constantFrom(
  'bindings.cron',
  'bindings.kafka',
  'pubsub.kafka',
  'state.redis',
);
const texts = objectOf(hostileKey, mostly(hostileText), 3);

const componentSpec = mostly(
  objectWith({
    type: mostly(componentType),
    version: mostly(fc.constant('v1')),
    metadata: mostly(
      fc.array(objectWith({ name: hostileText, value: hostileText }), { maxLength: 2 }),
    ),
  }),
);

const components = mostly(objectOf(componentName, componentSpec, 3));

const channel = mostly(
  objectWith({
    name: mostly(hostileKey),
    component: mostly(componentName),
    topic: mostly(hostileText),
    operation: mostly(hostileText),
    params: mostly(texts),
  }),
);

const reference = mostly(
  objectWith({
    name: mostly(componentName),
    type: mostly(componentType),
    topic: mostly(hostileText),
    operation: mostly(hostileText),
    inputName: mostly(hostileKey),
    outputName: mostly(hostileKey),
    metadata: mostly(texts),
  }),
);

const listOf = (member: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  mostly(fc.array(member, { maxLength: 3 }));

/** Settings that a Function overrides, half of them wrong. */
const overrides = fc.record(
  Object.fromEntries(
    Object.entries({
      'network-policy': ['true', 'false'],
      'proxy-image': ['example.com/mirror/proxy:v2'],
      'proxy-replicas': ['0', '3', 'unmanaged'],
      'proxy-cpu-request': ['none', '2', '100m'],
      'proxy-cpu-limit': ['none', '0.5', '4'],
      'proxy-memory-request': ['none', '64Mi', '1Gi'],
      'proxy-memory-limit': ['none', '128Mi', '2Gi'],
      'proxy-node-selector': ['', 'kubernetes.io/arch=arm64', 'a=1,b='],
      'proxy-tolerations': ['', '*', 'a=b:NoExecute:30,c'],
      'proxy-priority-class': ['', 'high'],
      'proxy-image-pull-secrets': ['', 'a,b,a'],
      'proxy-labels': ['', 'team=checkout,constructor=x', 'openfunction.io/function=orders'],
      'proxy-annotations': ['', 'example.com/Note=any = text', 'dapr.io/enabled=false'],
    }).map(([name, values]) => [
      `baas.openfunction.io/${name}`,
      fc.oneof(fc.constantFrom<Json[]>(...values), mostly(hostileText)),
    ]),
  ),
  { requiredKeys: [], noNullPrototype: true },
);

const servingAnnotations = fc
  .tuple(
    objectOf(hostileKey, mostly(hostileText), 3),
    overrides,
    fc.record(
      {
        [enableDapr]: mostly(fc.constantFrom('true', 'false')),
        [daprServiceMode]: mostly(fc.constantFrom('standalone', 'sidecar')),
        'dapr.io/app-id': mostly(fc.constant('my-app')),
        'dapr.io/app-protocol': mostly(fc.constantFrom('grpc', 'http')),
        'dapr.io/app-port': mostly(fc.constant('9000')),
        'dapr.io/grpc-port': mostly(fc.constant('50055')),
        'dapr.io/enabled': mostly(fc.constantFrom('true', 'false')),
        'dapr.io/a~b/c': mostly(hostileText),
        'baas.openfunction.io/api-token': mostly(fc.constantFrom('true', 'false')),
        'dapr.io/api-token-secret': mostly(fc.constant('my-token')),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  )
  .map(([others, overriding, known]): Json => ({ ...others, ...overriding, ...known }));

/** Annotations as a map, or the two ways of having none. */
const annotationsOrNone = fc.oneof(
  { weight: 8, arbitrary: servingAnnotations },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant({}) },
);

const commonServing = {
  annotations: annotationsOrNone,
  labels: mostly(texts),
  params: mostly(texts),
  bindings: components,
  pubsub: components,
  template: mostly(objectWith({ containers: listOf(objectWith({ name: hostileText })) })),
  workloadType: mostly(fc.constantFrom('Deployment', 'StatefulSet', 'Job')),
};

const serving: Record<FunctionVersion, fc.Arbitrary<JsonObject>> = {
  v1beta1: objectWith({
    ...commonServing,
    runtime: mostly(fc.constantFrom('async', 'knative', 'openFuncAsync')),
    inputs: listOf(channel),
    outputs: listOf(channel),
    states: components,
  }),
  v1beta2: objectWith({
    ...commonServing,
    triggers: mostly(
      objectWith({
        http: mostly(
          objectWith({
            port: mostly(fc.integer({ min: 1, max: 65535 })),
            engine: mostly(fc.constantFrom('keda', 'knative')),
          }),
        ),
        dapr: listOf(reference),
        inputs: listOf(objectWith({ dapr: reference })),
      }),
    ),
    outputs: listOf(objectWith({ dapr: reference })),
    states: mostly(objectOf(componentName, mostly(objectWith({ spec: componentSpec })), 2)),
    hooks: mostly(objectWith({ pre: listOf(hostileText), post: listOf(hostileText) })),
    tracing: mostly(objectWith({ enabled: mostly(fc.boolean()) })),
  }),
};

const managedFields: fc.Arbitrary<Json> = mostly(
  fc.constantFrom<Json[]>(
    [],
    [managerOwning()],
    [statusManager],
    [managerOwning(enableDapr)],
    [statusManager, managerOwning(daprServiceMode)],
    [managerOwning(enableDapr, daprServiceMode)],
  ),
);

const metadataAnnotations = mostly(
  objectWith({
    plugins: mostly(fc.constantFrom('order: [a, b]', 'pre: [a]\npost: [b]', '{', '- a')),
    'plugins.tracing': mostly(fc.constantFrom('enabled: true\nprovider: {name: skywalking}', '[')),
    'kubectl.kubernetes.io/last-applied-configuration': mostly(
      fc.constantFrom(
        '{',
        'null',
        `{"spec":{"serving":{"annotations":{"${enableDapr}":"false"}}}}`,
        `{"spec":{"serving":{"annotations":{"${enableDapr}":"true"}}}}`,
      ),
    ),
  }),
);

/** A Function of a version with a valid name, and with values that may be anything. */
export function functionOfVersion(
  version: FunctionVersion,
  name: fc.Arbitrary<string> = validName,
): fc.Arbitrary<JsonObject> {
  return fc
    .tuple(
      name,
      objectWith({ annotations: metadataAnnotations, managedFields, labels: mostly(texts) }),
      objectWith({
        version: mostly(hostileText),
        image: mostly(hostileText),
        port: mostly(fc.integer({ min: 1, max: 65535 })),
      }),
      serving[version],
    )
    .map(([functionName, metadata, spec, of]) => ({
      apiVersion: `core.openfunction.io/${version}`,
      kind: 'Function',
      metadata: { ...metadata, name: functionName, namespace, uid: 'u-1' },
      spec: { ...spec, serving: of },
    }));
}

export const anyFunction: fc.Arbitrary<JsonObject> = fc.oneof(
  functionOfVersion('v1beta1'),
  functionOfVersion('v1beta2'),
);

/** What is made to look like an object of some kind, with anything in it. */
export const anyObject: fc.Arbitrary<JsonObject> = fc.oneof(
  objectOf(hostileKey, anyJson, 4),
  anyFunction.chain((fn) =>
    fc
      .record({ metadata: anyJson, spec: anyJson }, { requiredKeys: [], noNullPrototype: true })
      .map((parts): JsonObject => ({ ...fn, ...parts })),
  ),
);

const envValue = fc.oneof(
  hostileText.map((value): JsonObject => ({ value })),
  fc.constant<JsonObject>({}),
  hostileText.map((key): JsonObject => ({ valueFrom: { secretKeyRef: { name: 'secret', key } } })),
);

const environmentNames = [
  ...['FUNC_CONTEXT', 'FUNC_CONTEXT_V1BETA2', 'APP_PROTOCOL', 'POD_NAME', 'POD_NAMESPACE'],
  ...['DAPR_HOST', 'DAPR_SIDECAR_IP', 'DAPR_API_TOKEN', 'PATH', 'LEVEL', '__proto__', 'ä'],
];

function environment(names: readonly string[]): fc.Arbitrary<JsonObject[]> {
  return fc
    .uniqueArray(fc.constantFrom(...names), { maxLength: 4 })
    .chain((chosen) =>
      fc.tuple(...chosen.map((name) => envValue.map((one): JsonObject => ({ name, ...one })))),
    );
}

const mounts = fc.array(
  fc.constantFrom('data', 'token').map((name): JsonObject => ({ name, mountPath: `/${name}` })),
  { maxLength: 2 },
);

function containerCalled(name: string, names: readonly string[]): fc.Arbitrary<JsonObject> {
  return fc
    .tuple(
      objectOf(
        hostileKey.filter((key) => !['name', 'env', 'volumeMounts'].includes(key)),
        anyJson,
        2,
      ),
      fc.record(
        { env: environment(names), volumeMounts: mounts },
        { requiredKeys: [], noNullPrototype: true },
      ),
    )
    .map(([unknown, known]) => ({ ...unknown, name, image: 'example.com/x', ...known }));
}

const containerNames = ['function', 'user-container', 'queue-proxy', 'istio-proxy', 'a', 'b'];

function containers(names: readonly string[], minLength: number): fc.Arbitrary<JsonObject[]> {
  return fc
    .uniqueArray(fc.constantFrom(...containerNames), { minLength, maxLength: 3 })
    .chain((chosen) => fc.tuple(...chosen.map((name) => containerCalled(name, names))));
}

const podAnnotations = fc
  .tuple(
    objectOf(hostileKey, hostileText, 3),
    fc.record(
      {
        'dapr.io/enabled': fc.constantFrom('true', 'false', ''),
        'dapr.io/app-id': fc.constantFrom('on-pod', ''),
        'dapr.io/app-protocol': fc.constantFrom('grpc', 'http'),
        'dapr.io/grpc-port': fc.constantFrom('50001', '50077'),
        'dapr.io/a~b/c': hostileText,
        'baas.openfunction.io/function-container': fc.constantFrom(...containerNames),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  )
  .map(([others, known]): JsonObject => ({ ...others, ...known }));

/**
 * A Pod that an API server could have sent: well typed where the API has types,
 * with unknown fields everywhere else.
 *
 * @param environmentOf names that the variables of containers may have
 */
export function podWithEnvironment(environmentOf: readonly string[]): fc.Arbitrary<JsonObject> {
  return fc
    .record(
      {
        unknownTop: objectOf(hostileKey, anyJson, 1),
        labels: objectOf(hostileKey, hostileText, 2),
        annotations: fc.option(podAnnotations, { nil: undefined }),
        containers: containers(environmentOf, 1),
        spec: fc.record(
          {
            initContainers: fc.array(containerCalled('init', environmentOf), { maxLength: 1 }),
            volumes: fc.array(
              fc.constantFrom('data', 'token').map((name): JsonObject => ({ name, emptyDir: {} })),
              { maxLength: 2 },
            ),
            serviceAccountName: hostileText,
            futureField: anyJson,
          },
          { requiredKeys: [], noNullPrototype: true },
        ),
      },
      { noNullPrototype: true },
    )
    .map(({ unknownTop, labels, annotations, containers: list, spec }) => ({
      ...unknownTop,
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        generateName: 'orders-',
        labels: { ...labels, 'openfunction.io/function': 'orders' },
        ...(annotations === undefined ? {} : { annotations }),
      },
      spec: { ...spec, containers: list },
    }));
}

export const anyPod = podWithEnvironment([...environmentNames, 'DAPR_GRPC_PORT', 'DAPR_HTTP_PORT']);

/** The same without the two ports, which cannot be told from those that Dapr's injector writes. */
export const podWithoutDaprPorts = podWithEnvironment(environmentNames);

/** What is made to look like a Pod, with anything in it. */
export const anyPodLike: fc.Arbitrary<JsonObject> = fc
  .tuple(
    anyPod,
    objectWith({
      metadata: mostly(objectWith({ labels: anyJson, annotations: anyJson })),
      spec: mostly(
        objectWith({
          containers: listOf(
            objectWith({
              name: mostly(fc.constantFrom('daprd', 'function', 'a')),
              env: listOf(objectWith({ name: anyJson, value: anyJson })),
              ports: listOf(
                objectWith({ name: mostly(fc.constant('dapr-grpc')), containerPort: anyJson }),
              ),
              volumeMounts: anyJson,
            }),
          ),
          initContainers: anyJson,
          volumes: anyJson,
        }),
      ),
    }),
  )
  .map(([pod, parts]) => ({ ...pod, ...parts }));

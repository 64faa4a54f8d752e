import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readFunction } from '../../src/api/function.ts';
import { isEmpty, type Json, type JsonObject } from '../../src/api/json.ts';
import { functionVersions, OpenFunctionAnnotation, OpenFunctionLabel } from '../../src/api/keys.ts';
import { defaultFunction } from '../../src/rules/function/function-defaults.ts';
import { applyPatch } from '../support/apply-patch.ts';
import { desired, ofKind } from '../support/desired.ts';
import { modelOf, namespace } from '../support/functions.ts';
import { listAt, objectAt, pick, textAt } from '../support/json.ts';
import { readDocument, repositoryFolder } from '../support/source-tree.ts';

type Schema = JsonObject;

const crdFolder = 'manifests/crds';
const sampleFolder = 'manifests/samples';

const crdFiles = readdirSync(join(repositoryFolder, crdFolder), {
  recursive: true,
  encoding: 'utf8',
}).filter((file) => file.endsWith('.yaml'));

const sampleFiles = readdirSync(join(repositoryFolder, sampleFolder)).filter((file) =>
  file.endsWith('.yaml'),
);

const intOrString = 'x-kubernetes-int-or-string';
const mapType = 'x-kubernetes-map-type';
const preserveUnknown = 'x-kubernetes-preserve-unknown-fields';

/**
 * Keywords that these CRDs need. The API server forbids some others in a structural schema
 * (`$ref`, `patternProperties`, `uniqueItems`, ...); all others are unknown to validation here.
 */
const keywords: ReadonlySet<string> = new Set([
  'additionalProperties',
  'default',
  'description',
  'enum',
  'format',
  'items',
  'properties',
  'required',
  'type',
  intOrString,
  mapType,
  preserveUnknown,
]);

const types: ReadonlySet<unknown> = new Set([
  'array',
  'boolean',
  'integer',
  'number',
  'object',
  'string',
]);

const documentsOf = (path: string): JsonObject[] =>
  parseAllDocuments(readDocument(path)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as JsonObject;
  });

function crdOf(file: string): JsonObject {
  const [only, ...others] = documentsOf(`${crdFolder}/${file}`);
  if (only === undefined || others.length > 0) throw new Error(`${file} holds no single CRD`);
  return only;
}

const schemaIn = (crd: JsonObject): Schema =>
  objectAt(crd, 'spec', 'versions', 0, 'schema', 'openAPIV3Schema');

/** Schemas by the apiVersion and kind that they serve. */
const schemas = new Map<string, Schema>();
for (const crd of crdFiles.map(crdOf)) {
  const version = textAt(crd, 'spec', 'versions', 0, 'name');
  const kind = textAt(crd, 'spec', 'names', 'kind');
  schemas.set(`${textAt(crd, 'spec', 'group')}/${version} ${kind}`, schemaIn(crd));
}

const kindOf = (object: JsonObject): string => `${object['apiVersion']} ${object['kind']}`;

function schemaOf(object: JsonObject): Schema {
  const schema = schemas.get(kindOf(object));
  if (schema === undefined) throw new Error(`no CRD serves ${kindOf(object)}`);
  return schema;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const hasType = (value: Json, type: Json): boolean =>
  typeOf(value) === type || (type === 'number' && typeof value === 'number');

/**
 * What keeps a schema from being structural, for which the API server refuses the CRD, and what
 * it takes although it is a slip here, such as a required field that no property describes.
 */
function structuralFaults(schema: Json | undefined, path = '$'): string[] {
  if (!isObject(schema)) return [`${path}: not a schema`];
  const faults: string[] = [];
  const fault = (text: string) => faults.push(`${path}: ${text}`);
  const { type, properties, additionalProperties, items, required } = schema;

  for (const keyword of Object.keys(schema)) {
    if (!keywords.has(keyword)) fault(`keyword ${keyword}`);
  }
  const marks = [preserveUnknown, intOrString].filter((mark) => Object.hasOwn(schema, mark));
  for (const mark of marks) if (schema[mark] !== true) fault(`${mark} is not true`);
  if (type === undefined && marks.length === 0) fault('no type');
  if (type !== undefined && !types.has(type)) fault(`type ${type}`);

  if (properties !== undefined && additionalProperties !== undefined) {
    fault('both properties and additionalProperties');
  }
  for (const keyword of ['properties', 'additionalProperties', mapType]) {
    if (schema[keyword] !== undefined && type !== 'object') fault(`${keyword} of no object`);
  }
  if (type === 'array' && items === undefined) fault('no items');
  if (type !== 'array' && items !== undefined) fault('items of no array');
  for (const name of Array.isArray(required) ? required : []) {
    if (pick(properties, String(name)) === undefined) fault(`requires unknown ${name}`);
  }
  for (const value of listAt(schema, 'enum') as Json[]) {
    if (type !== undefined && !hasType(value, type)) fault(`enum of another type: ${value}`);
  }
  if (schema['default'] !== undefined) {
    faults.push(...problems(schema, schema['default'], `${path}.default`));
  }

  for (const [name, property] of Object.entries(properties ?? {})) {
    faults.push(...structuralFaults(property, `${path}.${name}`));
  }
  if (additionalProperties !== undefined) {
    faults.push(...structuralFaults(additionalProperties, `${path}{}`));
  }
  if (items !== undefined) faults.push(...structuralFaults(items, `${path}[]`));
  return faults;
}

/** Why the API server would refuse a value. */
function problems(schema: Schema, value: Json, path = '$'): string[] {
  const { type, format, required } = schema;
  if (type !== undefined && !hasType(value, type)) {
    return [`${path}: ${typeOf(value)}, not ${type}`];
  }
  if (schema[intOrString] === true && !hasType(value, 'integer') && !hasType(value, 'string')) {
    return [`${path}: neither integer nor string`];
  }
  const found: string[] = [];
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) {
    found.push(`${path}: unsupported value ${value}`);
  }
  if (format === 'int32' && typeof value === 'number' && (value | 0) !== value) {
    found.push(`${path}: more than 32 bits`);
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!isObject(items)) return found;
    return found.concat(value.flatMap((item, at) => problems(items, item, `${path}[${at}]`)));
  }
  if (!isObject(value)) return found;
  for (const name of Array.isArray(required) ? required : []) {
    if (!Object.hasOwn(value, String(name))) found.push(`${path}.${name}: required`);
  }
  for (const [name, member] of membersOf(value)) {
    const below = memberSchema(schema, name);
    if (below !== undefined) found.push(...problems(below, member, `${path}.${name}`));
  }
  return found;
}

/** What the API server would store of a value. */
function pruned(schema: Schema, value: Json): Json {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isObject(items) ? value.map((item) => pruned(items, item)) : value;
  }
  if (!isObject(value)) return value;
  const kept: [string, Json][] = [];
  for (const [name, member] of membersOf(value)) {
    const below = memberSchema(schema, name);
    if (below !== undefined) kept.push([name, pruned(below, member)]);
    else if (schema[preserveUnknown] === true) kept.push([name, member]);
  }
  return Object.fromEntries(kept);
}

/** The members that go over the wire. */
function membersOf(object: JsonObject): [string, Json][] {
  return Object.entries(object).filter(
    (member): member is [string, Json] => member[1] !== undefined,
  );
}

function memberSchema(schema: Schema, name: string): Schema | undefined {
  const below = pick(schema['properties'], name) ?? schema['additionalProperties'];
  return isObject(below) ? below : undefined;
}

/** The same for a whole object, whose metadata the API server knows without the CRD's help. */
function stored(object: JsonObject): JsonObject {
  const { metadata, ...rest } = object;
  return { ...(pruned(schemaOf(object), rest) as JsonObject), ...(metadata && { metadata }) };
}

function expectStoredWhole(object: JsonObject): void {
  expect(problems(schemaOf(object), object)).toEqual([]);
  expect(stored(object)).toEqual(object);
}

describe.each(crdFiles)('the CRD %s', (file) => {
  const crd = crdOf(file);
  const names = objectAt(crd, 'spec', 'names');

  it('has names that agree with each other', () => {
    const kind = textAt(names, 'kind');
    const plural = textAt(names, 'plural');
    expect(crd).toMatchObject({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${pick(crd, 'spec', 'group')}` },
      spec: { scope: 'Namespaced' },
    });
    expect(names).toMatchObject({ singular: kind.toLowerCase(), listKind: `${kind}List` });
    expect(plural).toBe(`${kind.toLowerCase()}s`);
    expect(file.endsWith(`/${plural}.yaml`)).toBe(true);
  });

  it('serves and stores one version, which nothing has to convert', () => {
    expect(pick(crd, 'spec', 'versions')).toHaveLength(1);
    expect(pick(crd, 'spec', 'versions', 0)).toMatchObject({ served: true, storage: true });
    expect(pick(crd, 'spec', 'conversion')).toBeUndefined();
  });

  it('has a structural schema', () => {
    expect(structuralFaults(schemaIn(crd))).toEqual([]);
    expect(schemaIn(crd)).toMatchObject({
      type: 'object',
      properties: { apiVersion: { type: 'string' }, kind: { type: 'string' } },
    });
    // The API server lets a CRD say nothing of metadata but its names.
    expect(pick(schemaIn(crd), 'properties', 'metadata')).toEqual({ type: 'object' });
  });

  it('has a row in the README', () => {
    const [folder] = file.split('/');
    const row = readDocument(`${crdFolder}/README.md`)
      .split('\n')
      .find((line) => line.startsWith(`| [\`${folder}\`](${folder}) |`));
    expect(row).toContain(`\`${textAt(crd, 'metadata', 'name')}\``);
    expect(row).toContain(`| \`${textAt(crd, 'spec', 'versions', 0, 'name')}\` |`);
  });
});

describe('the CRDs', () => {
  it('are those of every object that this project reads or writes', () => {
    const group = 'core.openfunction.io';
    expect([...schemas.keys()].sort()).toEqual(
      [
        ...functionVersions.map((version) => `${group}/${version} Function`),
        ...functionVersions.map((version) => `${group}/${version} Serving`),
        'dapr.io/v1alpha1 Component',
      ].sort(),
    );
  });

  it.each(functionVersions)(
    'let a Serving say what serving of a Function says, in %s',
    (version) => {
      const below = (kind: string, ...path: string[]) =>
        objectAt(
          schemas.get(`core.openfunction.io/${version} ${kind}`),
          ...['spec', ...path].flatMap((name) => ['properties', name]),
          'properties',
        );
      const serving = below('Function', 'serving');
      expect(Object.keys(serving)).toContain('bindings');
      expect(below('Serving')).toMatchObject(serving);
    },
  );

  it('print the annotations and labels that are in use', () => {
    const printed = crdFiles.flatMap((file) =>
      listAt(crdOf(file), 'spec', 'versions', 0, 'additionalPrinterColumns').map((column) =>
        textAt(column, 'jsonPath'),
      ),
    );
    const escaped = (key: string) => key.replaceAll('.', '\\.');
    expect(new Set(printed.filter((path) => path.includes('\\')))).toEqual(
      new Set([
        `.spec.serving.annotations.${escaped(OpenFunctionAnnotation.enableDapr)}`,
        `.spec.serving.annotations.${escaped(OpenFunctionAnnotation.daprServiceMode)}`,
        `.metadata.labels.${escaped(OpenFunctionLabel.function)}`,
      ]),
    );
    for (const path of printed) expect(path).toMatch(/^\./);
  });
});

describe.each(sampleFiles)('the sample %s', (file) => {
  const objects = documentsOf(`${sampleFolder}/${file}`);
  const functions = objects.filter((object) => readFunction(object, namespace) !== undefined);

  it('is stored as it is written', () => {
    expect(functions).toHaveLength(1);
    for (const object of objects) expectStoredWhole(object);
  });

  it('is stored with its defaults', () => {
    for (const object of functions) {
      const { patch } = defaultFunction(object, undefined);
      expectStoredWhole(applyPatch(object, patch));
    }
  });

  it('gets Components that Dapr would store', () => {
    for (const object of functions) {
      for (const component of ofKind(desired(modelOf(object)), 'Component')) {
        expectStoredWhole(component);
      }
    }
  });
});

/** Every field that the rules read, and what OpenFunction's own examples use beside those. */
const completeFunctions: Record<(typeof functionVersions)[number], string> = {
  v1beta1: `
    apiVersion: core.openfunction.io/v1beta1
    kind: Function
    metadata:
      name: complete
      uid: 5f0c
      deletionTimestamp: "2026-01-01T00:00:00Z"
      annotations:
        plugins: "pre: [trace]"
    spec:
      version: v2.0.0
      image: example.com/shop/complete:v2.0.0
      imageCredentials: { name: shop-registry }
      port: 8080
      workloadRuntime: OCIContainer
      build:
        builder: example.com/builders/go:v2
        builderCredentials: { name: builders }
        dockerfile: Dockerfile
        env: { FUNC_NAME: Complete }
        params: { GOFLAGS: -mod=mod }
        shipwright: { strategy: { name: kaniko, kind: ClusterBuildStrategy }, timeout: 10m }
        srcRepo:
          url: https://example.com/shop/functions.git
          revision: main
          sourceSubPath: complete
          credentials: { name: source }
        timeout: 10m
        builderMaxAge: 24h
        successfulBuildsHistoryLimit: 2
        failedBuildsHistoryLimit: 3
      route:
        gatewayRef: { name: openfunction, namespace: openfunction }
        hostnames: [complete.example.com]
        rules:
          - matches: [{ path: { type: PathPrefix, value: / } }]
      service:
        UseStandaloneIngress: true
        annotations: { nginx.ingress.kubernetes.io/rewrite-target: / }
      serving:
        runtime: knative
        annotations: { openfunction.io/enable-dapr: "true" }
        labels: { team: platform }
        params: { LEVEL: error }
        timeout: 5m
        inputs:
          - { name: in, component: broker, topic: orders, params: { raw: "true" } }
        outputs:
          - { name: out, component: sink, operation: create, params: { retries: "3" } }
        bindings:
          sink:
            type: bindings.kafka
            version: v1
            ignoreErrors: true
            initTimeout: 30s
            metadata:
              - { name: brokers, value: "kafka:9092" }
              - { name: maxMessageBytes, value: 1024 }
              - { name: authRequired, value: false }
              - { name: saslPassword, secretKeyRef: { name: kafka, key: password } }
        pubsub:
          broker: { type: pubsub.kafka, version: v1, metadata: [] }
        states:
          carts: { type: state.redis, version: v1, metadata: [] }
        triggers:
          - type: kafka
            name: lag
            targetKind: object
            fallback: 2
            metadata: { lagThreshold: "20" }
            authenticationRef: { name: kafka, kind: TriggerAuthentication }
        scaleOptions:
          minReplicas: 0
          maxReplicas: 10
          knative: { autoscaling.knative.dev/target: "50" }
          keda:
            scaledObject:
              workloadType: StatefulSet
              pollingInterval: 15
              cooldownPeriod: 60
              minReplicaCount: 0
              maxReplicaCount: 10
              advanced:
                horizontalPodAutoscalerConfig:
                  behavior: { scaleDown: { policies: [{ type: Pods, value: 1, periodSeconds: 9 }] } }
            scaledJob:
              restartPolicy: Never
              pollingInterval: 15
              maxReplicaCount: 10
              successfulJobsHistoryLimit: 1
              failedJobsHistoryLimit: 1
              scalingStrategy: { strategy: accurate, pendingPodConditions: [Ready] }
        template:
          serviceAccountName: complete
          containers:
            - name: function
              env: [{ name: TZ, value: Europe/Vienna }]
              ports: [{ containerPort: 8080, protocol: TCP }]
          volumes: [{ name: scratch, emptyDir: {} }]
    status:
      serving: { state: Running, resourceHash: "1", resourceRef: serving-abcde }
      addresses: [{ type: Internal, value: http://complete.shop.svc.cluster.local/ }]
  `,
  v1beta2: `
    apiVersion: core.openfunction.io/v1beta2
    kind: Function
    metadata:
      name: complete
    spec:
      version: v2.0.0
      image: example.com/shop/complete:v2.0.0
      imageCredentials: { name: shop-registry }
      workloadRuntime: OCIContainer
      build:
        builder: example.com/builders/go:v2
        srcRepo:
          bundleContainer: { image: example.com/shop/source:v2.0.0 }
        shipwright:
          strategy: { name: buildah }
          params:
            - { name: cache, value: registry }
            - { name: mirrors, values: [{ configMapValue: { name: build, key: mirror } }] }
            - { name: token, secretValue: { name: build, key: token, format: "Bearer \${SECRET_VALUE}" } }
      serving:
        annotations: { openfunction.io/dapr-service-mode: sidecar }
        labels: { team: platform }
        params: { LEVEL: error }
        timeout: 5m0s
        triggers:
          http:
            port: 9000
            engine: keda
            route:
              gatewayRef: { name: openfunction, namespace: openfunction }
              hostnames: [complete.example.com]
              rules:
                - matches: [{ path: { type: PathPrefix, value: / } }]
          dapr:
            - { name: broker, type: pubsub.kafka, topic: orders, inputName: in }
          inputs:
            - dapr: { name: carts, type: state.redis, topic: none }
        outputs:
          - dapr:
              name: sink
              type: bindings.kafka
              topic: none
              operation: create
              outputName: out
              metadata: { retries: "3" }
        bindings:
          sink:
            type: bindings.kafka
            version: v1
            ignoreErrors: false
            initTimeout: ""
            metadata:
              - { name: brokers, value: "kafka:9092", secretKeyRef: { name: "", key: "" } }
              - { name: maxMessageBytes, value: 1024 }
        pubsub:
          broker: { type: pubsub.kafka, version: v1, metadata: [] }
        states:
          carts: { spec: { type: state.redis, version: v1, metadata: [] } }
          shared: {}
        hooks: { policy: Override, pre: [first], post: [last] }
        tracing:
          enabled: true
          provider:
            name: opentelemetry
            oapServer: tracing:11800
            exporter:
              name: otlp
              endpoint: tracing:4317
              headers: a=b
              compression: gzip
              timeout: 10s
              protocol: grpc
          tags: { layer: faas }
          baggage: { key: baggage, value: a=b }
        scaleOptions:
          minReplicas: 0
          maxReplicas: 10
          knative: { autoscaling.knative.dev/target: "50" }
          keda:
            httpScaledObject: { targetPendingRequests: 100, cooldownPeriod: 60 }
            scaledObject:
              pollingInterval: 15
              cooldownPeriod: 30
              fallback: { failureThreshold: 3, replicas: 2 }
              advanced: { restoreToOriginalReplicaCount: true }
            scaledJob: { restartPolicy: Never, scalingStrategy: { strategy: eager } }
            triggers:
              - type: kafka
                name: lag
                metricType: AverageValue
                useCachedMetrics: true
                metadata: { lagThreshold: "10" }
                authenticationRef: { name: kafka }
        workloadType: StatefulSet
        template:
          containers:
            - name: function
              resources: {}
    status:
      revision: { imageDigest: none }
      serving: { state: Running, reason: none }
  `,
};

describe('a Function that uses every field', () => {
  it.each(functionVersions)('is stored as it is written, in %s', (version) => {
    expectStoredWhole(parse(completeFunctions[version]) as JsonObject);
  });

  it('has every field that the rules read', () => {
    const models = functionVersions.map((version) =>
      modelOf(parse(completeFunctions[version]) as JsonObject),
    );
    const members = (filledOnly: boolean): Set<string> =>
      new Set(
        models
          .flatMap((model) => [...Object.entries(model), ...Object.entries(model.serving ?? {})])
          .filter(
            ([, value]) => !filledOnly || (typeof value === 'object' ? !isEmpty(value) : value),
          )
          .map(([name]) => name),
      );
    expect(members(true)).toEqual(members(false));
  });
});

describe('what these tests take for structural', () => {
  const text = { type: 'string' };

  it('is nothing that the API server refuses', () => {
    const unfit: Schema[] = [
      {},
      { type: 'text' },
      { type: ['string', 'integer'] },
      { type: 'array' },
      { type: 'array', items: [text] },
      { type: 'array', items: text, uniqueItems: true },
      { properties: { name: text } },
      { type: 'object', properties: { name: {} } },
      { type: 'object', properties: { name: text }, additionalProperties: text },
      { type: 'object', patternProperties: { '.*': text } },
      { type: 'object', [preserveUnknown]: false },
      { type: 'string', [mapType]: 'atomic' },
      { type: 'string', default: 1 },
      { $ref: '#/definitions/name' },
    ];
    for (const schema of unfit) {
      expect(structuralFaults(schema), JSON.stringify(schema)).not.toEqual([]);
    }
  });

  it('is nothing that the API server takes although it is a slip here', () => {
    const unfit: Schema[] = [
      { type: 'string', items: text },
      { type: 'string', enum: [1] },
      { type: 'object', required: ['name'], properties: { nam: text } },
      // Pruning, as these tests do it, does not read these.
      { type: 'object', additionalProperties: false },
      { type: 'object', additionalProperties: true },
    ];
    for (const schema of unfit) {
      expect(structuralFaults(schema), JSON.stringify(schema)).not.toEqual([]);
    }
  });

  it('is a schema without a type where any value may stand', () => {
    for (const schema of [{ [preserveUnknown]: true }, { [intOrString]: true }]) {
      expect(structuralFaults(schema)).toEqual([]);
    }
  });
});

describe('what these tests take for stored', () => {
  const sample = parse(completeFunctions.v1beta2) as JsonObject;

  it('has no field that the schema does not name', () => {
    const { spec } = sample;
    const misspelled = { ...sample, spec: { ...(spec as JsonObject), servin: {} }, scopes: [] };
    expect(stored(misspelled)).toEqual(sample);
  });

  it('is no Function that the schema denies', () => {
    const unfit: [version: 'v1beta1' | 'v1beta2', spec: Json, path: string][] = [
      ['v1beta1', { serving: { runtime: 'async' } }, '$.spec.image'],
      ['v1beta1', { image: 'a', serving: {} }, '$.spec.serving.runtime'],
      ['v1beta1', { image: 'a', serving: { runtime: 'openFuncAsync' } }, '$.spec.serving.runtime'],
      ['v1beta1', { image: 'a', port: '8080' }, '$.spec.port'],
      ['v1beta1', { image: 'a', port: 2 ** 31 }, '$.spec.port'],
      [
        'v1beta2',
        { image: 'a', serving: { annotations: { a: true } } },
        '$.spec.serving.annotations.a',
      ],
      ['v1beta2', { image: 'a', serving: { outputs: { dapr: {} } } }, '$.spec.serving.outputs'],
      [
        'v1beta2',
        { image: 'a', serving: { outputs: [{ dapr: {} }] } },
        '$.spec.serving.outputs[0].dapr.name',
      ],
      ['v1beta2', { image: 'a', serving: { states: { a: [] } } }, '$.spec.serving.states.a'],
    ];
    for (const [version, spec, path] of unfit) {
      const object = { apiVersion: `core.openfunction.io/${version}`, kind: 'Function', spec };
      const [first, ...others] = problems(schemaOf(object), object);
      expect(first?.split(':')[0]).toBe(path);
      expect(others).toEqual([]);
    }
  });
});

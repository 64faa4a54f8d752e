import {
  asList,
  asObject,
  asPort,
  asShallowObject,
  asStringMap,
  asText,
  at,
  isEmpty,
  type Json,
  type JsonObject,
  objectsOf,
} from './json.ts';
import { type FunctionVersion, functionGroup, functionVersions, Port } from './keys.ts';

/**
 * A Function of either API version, read into one shape.
 *
 * Everything that the rules need and nothing else: this is what the store keeps
 * for every Function of a cluster. Field paths are those of the version it was
 * written in, so that messages point at what the user wrote.
 */
export interface FunctionModel {
  readonly version: FunctionVersion;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string | undefined;
  /** `metadata.annotations`; OpenFunction reads plugins from here. */
  readonly annotations: Readonly<Record<string, string>>;
  /** `spec.version`, the release of the user's code; empty when absent. */
  readonly release: string;
  readonly image: string | undefined;
  /** `spec.imageCredentials.name`: the pull Secret. */
  readonly imageCredentials: string | undefined;
  /** Port that the function listens on. */
  readonly port: number;
  /** Undefined for a Function that is only built. */
  readonly serving: ServingModel | undefined;
}

/** `spec.serving` of a Function. */
export interface ServingModel {
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** Async Functions are fed by Dapr, sync ones are called over HTTP. */
  readonly runtime: 'async' | 'sync';
  /** What runs a sync Function's pods; undefined for an async one. */
  readonly httpEngine: 'knative' | 'keda' | undefined;
  /** Whether inputs, outputs or states are there at all, however badly written. */
  readonly hasBackends: boolean;
  /** Where events come from: v1beta1 `inputs`, v1beta2 `triggers.dapr`. */
  readonly inputs: readonly DaprUse[];
  /** v1beta2 `triggers.inputs`: read by the function, never delivered to it. */
  readonly passiveInputs: readonly DaprUse[];
  readonly outputs: readonly DaprUse[];
  readonly states: readonly DaprUse[];
  /** Components that the Function declares: `bindings`, `pubsub` and `states`. */
  readonly components: readonly DeclaredComponent[];
  /** v1beta2 `triggers`, as written. */
  readonly triggers: JsonObject | undefined;
  /** v1beta2 `hooks`, as written. */
  readonly hooks: JsonObject | undefined;
  /** v1beta2 `tracing`, as written. */
  readonly tracing: JsonObject | undefined;
  /** `template`, a PodSpec, as written. */
  readonly template: JsonObject | undefined;
  /** `Job` or `StatefulSet`; a Deployment otherwise. */
  readonly workloadType: string | undefined;
}

/** One input, output or state of a Function. */
export interface DaprUse {
  readonly kind: 'input' | 'passive input' | 'output' | 'state';
  /** Field path of the entry, e.g. `spec.serving.outputs[0]`. */
  readonly path: string;
  /** Field path of the component's name, e.g. `spec.serving.outputs[0].component`. */
  readonly componentPath: string;
  /** Field path below which `topic` and `operation` stand. */
  readonly fieldsPath: string;
  /** Its key in FUNC_CONTEXT. */
  readonly key: string;
  /** Component name as the Function writes it. */
  readonly component: string;
  /** Component type where the entry states it (v1beta2). */
  readonly type: string | undefined;
  readonly topic: string | undefined;
  readonly operation: string | undefined;
  /** v1beta1 `params`, v1beta2 `metadata`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export type ComponentBlock = 'bindings' | 'pubsub' | 'states';

/** A Dapr component that the Function declares. */
export interface DeclaredComponent {
  readonly block: ComponentBlock;
  readonly name: string;
  /** Dapr's component type, e.g. `bindings.kafka`; empty when absent. */
  readonly type: string;
  /** A Dapr ComponentSpec: `type`, `version`, `metadata`, ... */
  readonly spec: JsonObject;
}

/** Version of a Function object, or undefined when it is no Function that this project understands. */
export function functionVersionOf(object: JsonObject): FunctionVersion | undefined {
  if (object['kind'] !== 'Function') return undefined;
  return functionVersions.find((version) => object['apiVersion'] === `${functionGroup}/${version}`);
}

/**
 * Reads a Function object.
 *
 * @param namespace of the request or the file, for objects that do not carry one yet
 * @returns undefined when the object is no Function of a known version
 */
export function readFunction(object: JsonObject, namespace: string): FunctionModel | undefined {
  const version = functionVersionOf(object);
  if (version === undefined) return undefined;
  const metadata = asObject(object['metadata']);
  const spec = asObject(object['spec']);
  const serving = asObject(spec?.['serving']);
  const port = version === 'v1beta1' ? spec?.['port'] : at(serving, 'triggers', 'http', 'port');
  return {
    version,
    name: asText(metadata?.['name']) ?? '',
    namespace: asText(metadata?.['namespace']) ?? namespace,
    uid: asText(metadata?.['uid']),
    annotations: asStringMap(metadata?.['annotations']),
    release: asText(spec?.['version']) ?? '',
    image: asText(spec?.['image']),
    imageCredentials: asText(at(spec, 'imageCredentials', 'name')),
    port: asPort(port) ?? Port.functionDefault,
    serving: serving === undefined ? undefined : readServing(version, serving),
  };
}

function readServing(version: FunctionVersion, serving: JsonObject): ServingModel {
  const common = {
    annotations: asStringMap(serving['annotations']),
    labels: asStringMap(serving['labels']),
    params: asStringMap(serving['params']),
    template: asShallowObject(serving['template']),
    workloadType: readWorkloadType(version, serving),
    components: readComponents(version, serving),
  };
  return version === 'v1beta1'
    ? { ...common, ...readV1beta1(serving) }
    : { ...common, ...readV1beta2(serving) };
}

function readV1beta1(serving: JsonObject) {
  const runtime = asText(serving['runtime'])?.toLowerCase();
  const isAsync = runtime === 'async' || runtime === 'openfuncasync';
  const read = (kind: DaprUse['kind'], field: string): DaprUse[] =>
    objectsOf(serving[field]).map(({ index, item }) => {
      const path = `spec.serving.${field}[${index}]`;
      const component = asText(item['component']) ?? '';
      return {
        kind,
        path,
        componentPath: `${path}.component`,
        fieldsPath: path,
        key: asText(item['name']) ?? component,
        component,
        type: undefined,
        topic: asText(item['topic']),
        operation: asText(item['operation']),
        metadata: asStringMap(item['params']),
      };
    });
  return {
    runtime: isAsync ? ('async' as const) : ('sync' as const),
    httpEngine: isAsync ? undefined : ('knative' as const),
    hasBackends: ['inputs', 'outputs', 'states'].some((field) => !isEmpty(serving[field])),
    inputs: read('input', 'inputs'),
    passiveInputs: [],
    outputs: read('output', 'outputs'),
    states: readStates(serving),
    triggers: undefined,
    hooks: undefined,
    tracing: undefined,
  };
}

function readV1beta2(serving: JsonObject) {
  const triggers = asShallowObject(serving['triggers']);
  const outputs = objectsOf(serving['outputs']).filter(
    ({ item }) => asObject(item['dapr']) !== undefined,
  );
  const passive = objectsOf(triggers?.['inputs']).filter(
    ({ item }) => asObject(item['dapr']) !== undefined,
  );
  const isAsync = !isEmpty(asList(triggers?.['dapr']));
  const isKeda = asText(at(triggers, 'http', 'engine'))?.toLowerCase() === 'keda';
  return {
    runtime: isAsync ? ('async' as const) : ('sync' as const),
    httpEngine: isAsync ? undefined : isKeda ? ('keda' as const) : ('knative' as const),
    hasBackends:
      isAsync ||
      !isEmpty(asList(triggers?.['inputs'])) ||
      outputs.length > 0 ||
      !isEmpty(serving['states']),
    inputs: objectsOf(triggers?.['dapr']).map(({ index, item }) =>
      readReference('input', item, 'inputName', `spec.serving.triggers.dapr[${index}]`),
    ),
    passiveInputs: passive.map(({ index, item }) =>
      readReference(
        'passive input',
        asObject(item['dapr']) ?? {},
        undefined,
        `spec.serving.triggers.inputs[${index}]`,
        'dapr',
      ),
    ),
    outputs: outputs.map(({ index, item }) =>
      readReference(
        'output',
        asObject(item['dapr']) ?? {},
        'outputName',
        `spec.serving.outputs[${index}]`,
        'dapr',
      ),
    ),
    states: readStates(serving),
    triggers,
    hooks: asShallowObject(serving['hooks']),
    tracing: asShallowObject(serving['tracing']),
  };
}

/** v1beta1 has it with KEDA's options, and makes a Job of a ScaledJob. */
function readWorkloadType(version: FunctionVersion, serving: JsonObject): string | undefined {
  if (version === 'v1beta2') return asText(serving['workloadType']);
  const keda = at(serving, 'scaleOptions', 'keda');
  if (asObject(at(keda, 'scaledJob')) !== undefined) return 'Job';
  return asText(at(keda, 'scaledObject', 'workloadType'));
}

/** A v1beta2 DaprComponentRef with what stands beside it. */
function readReference(
  kind: DaprUse['kind'],
  reference: JsonObject,
  /** Field that keeps the name an entry had in v1beta1. */
  formerName: string | undefined,
  path: string,
  below?: string,
): DaprUse {
  const fieldsPath = below === undefined ? path : `${path}.${below}`;
  const component = asText(reference['name']) ?? '';
  const former = formerName === undefined ? undefined : asText(reference[formerName]);
  return {
    kind,
    path,
    componentPath: `${fieldsPath}.name`,
    fieldsPath,
    key: former ?? component,
    component,
    type: asText(reference['type']),
    topic: asText(reference['topic']),
    operation: asText(reference['operation']),
    metadata: asStringMap(reference['metadata']),
  };
}

/** `states` is a map in both versions; the key names the component. */
function readStates(serving: JsonObject): DaprUse[] {
  return Object.keys(asObject(serving['states']) ?? {}).map((name) => {
    const path = `spec.serving.states[${name}]`;
    return {
      kind: 'state',
      path,
      componentPath: path,
      fieldsPath: path,
      key: name,
      component: name,
      type: undefined,
      topic: undefined,
      operation: undefined,
      metadata: {},
    };
  });
}

function readComponents(version: FunctionVersion, serving: JsonObject): DeclaredComponent[] {
  const declared: DeclaredComponent[] = [];
  const add = (block: ComponentBlock, name: string, value: Json | undefined): void => {
    const spec = asShallowObject(value);
    if (spec === undefined) return;
    declared.push({ block, name, type: asText(spec['type']) ?? '', spec });
  };
  for (const block of ['bindings', 'pubsub'] as const) {
    for (const [name, spec] of Object.entries(asObject(serving[block]) ?? {})) {
      add(block, name, spec);
    }
  }
  for (const [name, state] of Object.entries(asObject(serving['states']) ?? {})) {
    // v1beta2 wraps the spec, and a state without one refers to a Component that exists already.
    const spec = version === 'v1beta2' ? at(state, 'spec') : state;
    if (!isEmpty(spec)) add('states', name, spec);
  }
  return declared;
}

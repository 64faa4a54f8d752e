import type { ComponentBlock, DaprUse, DeclaredComponent, ServingModel } from './function.ts';
import {
  asList,
  asObject,
  asShallowObject,
  asStringMap,
  asText,
  at,
  isEmpty,
  type Json,
  type JsonObject,
  objectsOf,
} from './json.ts';
import type { FunctionVersion } from './keys.ts';

/** Reads `spec.serving` of a Function of a version. */
export function readFunctionServing(version: FunctionVersion, serving: JsonObject): ServingModel {
  const common = {
    annotations: asStringMap(serving['annotations']),
    labels: asStringMap(serving['labels']),
    params: asStringMap(serving['params']),
    template: asShallowObject(serving['template']),
    workloadType: readWorkloadType(version, serving),
    components: readComponents(version, serving),
    hasBackends: hasBackends(version, serving),
  };
  return version === 'v1beta1'
    ? { ...common, ...readV1beta1(serving) }
    : { ...common, ...readV1beta2(serving) };
}

/** Whether inputs, outputs or states are there at all, however badly written. */
export function hasBackends(version: FunctionVersion, serving: JsonObject): boolean {
  if (version === 'v1beta1') {
    return ['inputs', 'outputs', 'states'].some((field) => !isEmpty(serving[field]));
  }
  const triggers = asShallowObject(serving['triggers']);
  return (
    !isEmpty(asList(triggers?.['dapr'])) ||
    !isEmpty(asList(triggers?.['inputs'])) ||
    objectsOf(serving['outputs']).some(({ item }) => asObject(item['dapr']) !== undefined) ||
    !isEmpty(serving['states'])
  );
}

function readV1beta1(serving: JsonObject) {
  const runtime = asText(serving['runtime'])?.toLowerCase();
  const isAsync = runtime === 'async' || runtime === 'openfuncasync';
  const read = (kind: DaprUse['kind'], field: string): DaprUse[] =>
    objectsOf(serving[field]).map(({ index, item }) => {
      const component = asText(item['component']) ?? '';
      return {
        kind,
        path: `spec.serving.${field}[${index}]`,
        below: undefined,
        nameField: 'component',
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
  below?: 'dapr',
): DaprUse {
  const component = asText(reference['name']) ?? '';
  const former = formerName === undefined ? undefined : asText(reference[formerName]);
  return {
    kind,
    path,
    below,
    nameField: 'name',
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
  return Object.keys(asObject(serving['states']) ?? {}).map((name) => ({
    kind: 'state',
    path: `spec.serving.states[${name}]`,
    below: undefined,
    nameField: undefined,
    key: name,
    component: name,
    type: undefined,
    topic: undefined,
    operation: undefined,
    metadata: asStringMap(undefined),
  }));
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

import { type FunctionModel, readFunction } from '../../src/api/function.ts';
import type { Json, JsonObject } from '../../src/api/json.ts';
import type { FunctionVersion } from '../../src/api/keys.ts';

/** Spelled out here as well: a typing mistake in the product must not carry its tests along. */
export const enableDapr = 'openfunction.io/enable-dapr';
export const daprServiceMode = 'openfunction.io/dapr-service-mode';

export const versions: readonly FunctionVersion[] = ['v1beta1', 'v1beta2'];

/** Where the Functions of these tests live. */
export const namespace = 'shop';

export interface FunctionParts {
  readonly name?: string;
  readonly metadata?: JsonObject;
  /** `spec.serving.annotations`; left out when undefined. */
  readonly annotations?: Json | undefined;
  /** Members of `spec.serving` beside the annotations. */
  readonly serving?: JsonObject;
  /** Members of `spec` beside `serving`. */
  readonly spec?: JsonObject;
}

/** A Function of a version, as a user would have written it. */
export function functionOf(version: FunctionVersion, parts: FunctionParts = {}): JsonObject {
  return {
    apiVersion: `core.openfunction.io/${version}`,
    kind: 'Function',
    metadata: { name: parts.name ?? 'orders', namespace, ...parts.metadata },
    spec: {
      version: 'v1.0.0',
      image: 'example.com/orders:v1',
      ...parts.spec,
      serving: {
        ...(parts.annotations === undefined ? {} : { annotations: parts.annotations }),
        ...parts.serving,
      },
    },
  };
}

export function v1beta1(parts: FunctionParts = {}): JsonObject {
  return functionOf('v1beta1', parts);
}

export function v1beta2(parts: FunctionParts = {}): JsonObject {
  return functionOf('v1beta2', parts);
}

/** `spec.serving` that makes a Function of the version have an output. */
export function withOutput(version: FunctionVersion): JsonObject {
  return version === 'v1beta1'
    ? { outputs: [{ name: 'sink', component: 'kafka', operation: 'create' }] }
    : { outputs: [{ dapr: { name: 'kafka', type: 'bindings.kafka', operation: 'create' } }] };
}

/** `spec.serving` of an async Function that is fed from a topic. */
export function asyncServing(version: FunctionVersion): JsonObject {
  const pubsub = { kafka: { type: 'pubsub.kafka', version: 'v1', metadata: [] } };
  return version === 'v1beta1'
    ? { runtime: 'async', inputs: [{ name: 'in', component: 'kafka', topic: 'orders' }], pubsub }
    : { triggers: { dapr: [{ name: 'kafka', type: 'pubsub.kafka', topic: 'orders' }] }, pubsub };
}

/** A Function as the rules read it, where the test cannot go on without one. */
export function modelOf(object: JsonObject): FunctionModel {
  const model = readFunction(object, namespace);
  if (model === undefined) throw new Error('the test gave an object that is no Function');
  return model;
}

/** A Function in a mode, with an output to have Dapr for. */
export function functionInMode(
  mode: 'disabled' | 'sidecar' | 'standalone',
  parts: FunctionParts & { readonly version?: FunctionVersion } = {},
): FunctionModel {
  const version = parts.version ?? 'v1beta1';
  const chosen =
    mode === 'disabled'
      ? { [enableDapr]: 'false' }
      : { [enableDapr]: 'true', [daprServiceMode]: mode };
  const others = parts.annotations as JsonObject | undefined;
  return modelOf(
    functionOf(version, {
      ...parts,
      annotations: { ...chosen, ...others },
      serving: parts.serving ?? withOutput(version),
    }),
  );
}

export const modes = ['disabled', 'sidecar', 'standalone'] as const;

/** A `metadata.managedFields` entry that owns annotations under `spec.serving.annotations`. */
export function managerOwning(...annotations: string[]): JsonObject {
  return {
    manager: 'kubectl-client-side-apply',
    operation: 'Update',
    apiVersion: 'core.openfunction.io/v1beta1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': { 'f:labels': {} },
      'f:spec': {
        'f:serving': {
          'f:runtime': {},
          'f:annotations': {
            '.': {},
            ...Object.fromEntries(annotations.map((annotation) => [`f:${annotation}`, {}])),
          },
        },
      },
    },
  };
}

/** The `metadata.managedFields` entry of a controller that writes the status alone. */
export const statusManager: JsonObject = {
  manager: 'openfunction',
  operation: 'Update',
  subresource: 'status',
  apiVersion: 'core.openfunction.io/v1beta1',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:status': { 'f:serving': { 'f:state': {} } } },
};

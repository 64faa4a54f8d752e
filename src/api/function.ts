import { asObject, asPort, asStringMap, asText, at, type JsonObject } from './json.ts';
import { type FunctionVersion, functionGroup, functionVersions, Port } from './keys.ts';
import { hasBackends, readFunctionServing } from './read-function-serving.ts';

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
  /** Whether it is being deleted, and only waits for somebody's finalizer. */
  readonly isDeleting: boolean;
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

/** What of `spec.serving` decides how a Function meets Dapr. */
export interface ModeFacts {
  readonly annotations: Readonly<Record<string, string>>;
  /** Whether inputs, outputs or states are there at all, however badly written. */
  readonly hasBackends: boolean;
}

/** `spec.serving` of a Function. */
export interface ServingModel extends ModeFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  /** Async Functions are fed by Dapr, sync ones are called over HTTP. */
  readonly runtime: 'async' | 'sync';
  /** What runs a sync Function's pods; undefined for an async one. */
  readonly httpEngine: 'knative' | 'keda' | undefined;
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
  /** Field of the entry below which its own stand; undefined where they stand in the entry. */
  readonly below: 'dapr' | undefined;
  /** Field of the component's name there; undefined where the entry itself is called so. */
  readonly nameField: 'component' | 'name' | undefined;
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

/** Field path below which `topic` and `operation` stand, e.g. `spec.serving.outputs[0].dapr`. */
export function fieldsPathOf({ path, below }: DaprUse): string {
  return below === undefined ? path : `${path}.${below}`;
}

/** Field path of the component's name, e.g. `spec.serving.outputs[0].component`. */
export function componentPathOf(use: DaprUse): string {
  return use.nameField === undefined ? use.path : `${fieldsPathOf(use)}.${use.nameField}`;
}

/** The component of a name that a Function declares; of two with one name the first. */
export function declaredComponent(
  serving: ServingModel | undefined,
  name: string,
): DeclaredComponent | undefined {
  return serving?.components.find((component) => component.name === name);
}

/** Version of a Function object, or undefined when it is no Function that this project understands. */
export function functionVersionOf(object: JsonObject): FunctionVersion | undefined {
  if (object['kind'] !== 'Function') return undefined;
  return functionVersions.find((version) => object['apiVersion'] === `${functionGroup}/${version}`);
}

/**
 * Reads of a Function object what decides its mode, and nothing else: a Function of
 * many inputs and outputs is large.
 *
 * @returns undefined when the object is no Function of a known version, or is only built
 */
export function readModeFacts(object: JsonObject): ModeFacts | undefined {
  const version = functionVersionOf(object);
  const serving = asObject(at(object, 'spec', 'serving'));
  if (version === undefined || serving === undefined) return undefined;
  return {
    annotations: asStringMap(serving['annotations']),
    hasBackends: hasBackends(version, serving),
  };
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
    isDeleting: asText(metadata?.['deletionTimestamp']) !== undefined,
    annotations: asStringMap(metadata?.['annotations']),
    release: asText(spec?.['version']) ?? '',
    image: asText(spec?.['image']),
    imageCredentials: asText(at(spec, 'imageCredentials', 'name')),
    port: asPort(port) ?? Port.functionDefault,
    serving: serving === undefined ? undefined : readFunctionServing(version, serving),
  };
}

import type { JsonObject } from '../../../src/api/json.ts';
import type { FunctionVersion } from '../../../src/api/keys.ts';

/** Spelled out here: a typing mistake in the product must not carry its tests along. */
export const enableDapr = 'openfunction.io/enable-dapr';
export const serviceMode = 'openfunction.io/dapr-service-mode';

export type Mode = 'standalone' | 'sidecar' | 'disabled';

export interface FunctionParts {
  readonly name: string;
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly hasOutput?: boolean;
  /** Fed from a topic; else it is called over HTTP. */
  readonly isAsync?: boolean;
  readonly image?: string;
  /** Members of `spec.serving` beside those that follow from the above. */
  readonly serving?: JsonObject;
}

/** A Function of a version, as a user would have written it. */
export function functionObject(version: FunctionVersion, parts: FunctionParts): JsonObject {
  const { name, annotations, labels, hasOutput = false, isAsync = false, image, serving } = parts;
  const output =
    version === 'v1beta1'
      ? { name: 'out', component: 'kafka', operation: 'create' }
      : { dapr: { name: 'kafka', operation: 'create' } };
  return {
    apiVersion: `core.openfunction.io/${version}`,
    kind: 'Function',
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
    spec: {
      version: 'v1.0.0',
      image: image ?? 'example.com/function:v1',
      serving: {
        ...(version === 'v1beta1' ? { runtime: isAsync ? 'async' : 'knative' } : {}),
        ...(annotations === undefined ? {} : { annotations }),
        ...(isAsync ? asyncServing(version) : {}),
        ...(hasOutput ? { outputs: [output], bindings: { kafka } } : {}),
        ...serving,
      },
    },
  };
}

const kafka: JsonObject = {
  type: 'bindings.kafka',
  version: 'v1',
  metadata: [{ name: 'brokers', value: 'kafka:9092' }],
};

function asyncServing(version: FunctionVersion): JsonObject {
  const topics = {
    type: 'pubsub.kafka',
    version: 'v1',
    metadata: [{ name: 'brokers', value: 'kafka:9092' }],
  };
  const input =
    version === 'v1beta1'
      ? { inputs: [{ name: 'in', component: 'topics', topic: 'placed' }] }
      : { triggers: { dapr: [{ name: 'topics', type: 'pubsub.kafka', topic: 'placed' }] } };
  return { ...input, pubsub: { topics } };
}

/** Annotations that put a Function into a mode. */
export function modeAnnotations(mode: Mode): Record<string, string> {
  return mode === 'disabled'
    ? { [enableDapr]: 'false' }
    : { [enableDapr]: 'true', [serviceMode]: mode };
}

/** A Pod template, or a Pod's metadata and spec, that belongs to a Function. */
export function podTemplate(functionName: string): { metadata: JsonObject; spec: JsonObject } {
  return {
    metadata: { labels: { app: functionName, 'openfunction.io/function': functionName } },
    spec: {
      containers: [
        {
          name: 'function',
          image: 'example.com/function:v1',
          env: [{ name: 'GREETING', value: 'hello' }],
        },
        { name: 'helper', image: 'example.com/helper:v1' },
      ],
    },
  };
}

/** A Pod of a Function. */
export function podOf(functionName: string, metadata: JsonObject): JsonObject {
  const template = podTemplate(functionName);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, ...metadata },
    spec: template.spec,
  };
}

import { asObject, asText, at, type JsonObject } from './json.ts';
import { BaasLabel, daprPrefix, OpenFunctionLabel } from './keys.ts';

/** What the rules need to know of a Dapr Component. */
export interface ComponentModel {
  readonly name: string;
  readonly namespace: string;
  /** Dapr's component type, e.g. `pubsub.kafka`; empty when absent. */
  readonly type: string;
  /** The Serving that OpenFunction made it for. */
  readonly serving: string | undefined;
  /** The name under which a Function declares it, when this project made it. */
  readonly declaredAs: string | undefined;
}

/** Reads a Dapr Component (`dapr.io`); undefined for any other object. */
export function readComponent(object: JsonObject, namespace: string): ComponentModel | undefined {
  if (object['kind'] !== 'Component') return undefined;
  if (!asText(object['apiVersion'])?.startsWith(daprPrefix)) return undefined;
  const metadata = asObject(object['metadata']);
  const labels = asObject(metadata?.['labels']);
  return {
    name: asText(metadata?.['name']) ?? '',
    namespace: asText(metadata?.['namespace']) ?? namespace,
    type: asText(at(object, 'spec', 'type')) ?? '',
    serving: asText(labels?.[OpenFunctionLabel.serving]),
    declaredAs: asText(labels?.[BaasLabel.component]),
  };
}

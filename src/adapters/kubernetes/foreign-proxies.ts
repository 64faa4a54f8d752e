import { asText, at, type JsonObject } from '../../api/json.ts';
import { OpenFunctionLabel } from '../../api/keys.ts';
import { creationTimeOf } from '../../rules/reconcile/observed-pod.ts';
import type { OpenFunctionProxy } from '../../rules/reconcile/plan.ts';

/** A proxy's Deployment that OpenFunction 0.8 or later made. */
export interface ForeignProxy extends OpenFunctionProxy {
  readonly namespace: string;
  /** The Serving that it was made for. */
  readonly serving: string;
}

/** Reads a Deployment's metadata; undefined for one that is no proxy of OpenFunction. */
export function readForeignProxy(object: JsonObject): ForeignProxy | undefined {
  const name = asText(at(object, 'metadata', 'name'));
  const serving = asText(at(object, 'metadata', 'labels', OpenFunctionLabel.proxy));
  if (name === undefined || serving === undefined) return undefined;
  return {
    name,
    namespace: asText(at(object, 'metadata', 'namespace')) ?? '',
    serving,
    createdAt: creationTimeOf(object),
  };
}

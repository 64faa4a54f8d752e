import type { JsonObject } from '../../src/api/json.ts';
import {
  defaultFunction,
  type FunctionDefaults,
} from '../../src/rules/function/function-defaults.ts';
import { applyPatch } from './apply-patch.ts';
import { deepFreeze, objectAt, wireCopy } from './json.ts';

export interface DefaultedFunction extends FunctionDefaults {
  /** The Function that the patch makes. */
  readonly object: JsonObject;
  /** Its `spec.serving.annotations`. */
  readonly annotations: JsonObject;
}

/** Defaults a Function and applies the patch; what is given is frozen, so that changing it fails. */
function defaulted(object: JsonObject, oldObject: JsonObject | undefined): DefaultedFunction {
  const input = deepFreeze(wireCopy(object));
  const stored = oldObject === undefined ? undefined : deepFreeze(wireCopy(oldObject));
  const defaults = defaultFunction(input, stored);
  const output = applyPatch(input, defaults.patch);
  return {
    ...defaults,
    object: output,
    annotations: objectAt(output, 'spec', 'serving', 'annotations'),
  };
}

/** Admits a new Function. */
export function create(object: JsonObject): DefaultedFunction {
  return defaulted(object, undefined);
}

/** Admits a change of a stored Function. */
export function update(oldObject: JsonObject, object: JsonObject): DefaultedFunction {
  return defaulted(object, oldObject);
}

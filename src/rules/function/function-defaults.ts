import { type FunctionModel, readFunction } from '../../api/function.ts';
import { asObject, asString, at, type JsonObject, jsonEquals, own } from '../../api/json.ts';
import { OpenFunctionAnnotation } from '../../api/keys.ts';
import {
  type EffectiveMode,
  effectiveMode,
  enabledByDefault,
  enableValues,
  type ModeDecision,
} from '../effective-mode.ts';
import { type PatchOperation, patchStringMap, pointer } from '../json-patch.ts';
import { isOwnedByUser } from './field-ownership.ts';

const { enableDapr, daprServiceMode } = OpenFunctionAnnotation;

export interface FunctionDefaults {
  readonly patch: PatchOperation[];
  readonly warnings: string[];
  readonly mode: EffectiveMode;
  readonly because: string;
}

/**
 * Writes the effective defaults out into `spec.serving.annotations`
 * (behaviour: function admission).
 *
 * On UPDATE an unchanged `spec.serving` is left alone: OpenFunction hashes it,
 * annotations included, to decide whether to roll a Function, and an update that
 * does not touch serving must never roll one. A changed one is derived again
 * from what the user wrote: a value that this webhook once defaulted follows the
 * Function's inputs, outputs and states instead of freezing.
 *
 * @param object the Function as admission got it; not changed
 * @param oldObject the stored Function on UPDATE, undefined on CREATE
 */
export function defaultFunction(
  object: JsonObject,
  namespace: string,
  oldObject: JsonObject | undefined,
): FunctionDefaults {
  const written = readFunction(object, namespace);
  if (written?.serving === undefined) {
    return { patch: [], warnings: [], ...describe(effectiveMode(undefined)) };
  }
  const annotations = at(object, 'spec', 'serving', 'annotations');
  const isUpdate = oldObject !== undefined;
  if (isUpdate && jsonEquals(at(object, 'spec', 'serving'), at(oldObject, 'spec', 'serving'))) {
    const decision = effectiveMode(written.serving);
    return { patch: [], warnings: ignoredMode(written, decision.mode), ...describe(decision) };
  }
  const present = asObject(annotations);
  const formerDefaults = isUpdate ? formerDefaultsOf(object, present) : [];
  const decision = effectiveMode({
    ...written.serving,
    annotations: without(written.serving.annotations, formerDefaults),
  });
  const isUsers = (annotation: string): boolean =>
    own(present, annotation) !== undefined && !formerDefaults.includes(annotation);

  const wanted = new Map<string, string>();
  if (!isUsers(enableDapr)) wanted.set(enableDapr, enabledByDefault(written.serving));
  let warnings: string[] = [];
  if (decision.mode === 'disabled') {
    warnings = ignoredMode(written, decision.mode);
  } else if (!isUsers(daprServiceMode)) {
    wanted.set(daprServiceMode, 'standalone');
  }
  return {
    patch: patchStringMap(annotations, pointer('spec', 'serving', 'annotations'), wanted),
    warnings,
    ...describe(decision),
  };
}

/** Annotations whose value is one that this webhook writes, and that nobody claims. */
function formerDefaultsOf(object: JsonObject, annotations: JsonObject | undefined): string[] {
  const defaults: [string, readonly string[]][] = [
    [enableDapr, enableValues],
    [daprServiceMode, ['standalone']],
  ];
  return defaults
    .filter(([annotation, values]) => {
      const value = asString(own(annotations, annotation));
      return (
        value !== undefined && values.includes(value) && !isOwnedByUser(object, annotation, value)
      );
    })
    .map(([annotation]) => annotation);
}

function ignoredMode(fn: FunctionModel, mode: EffectiveMode): string[] {
  if (mode !== 'disabled' || fn.serving?.annotations[daprServiceMode] === undefined) return [];
  return [
    `spec.serving.annotations[${daprServiceMode}]: ignored, because Dapr is disabled for this Function; set ${enableDapr} to "true" to use it`,
  ];
}

function describe(decision: ModeDecision): { mode: EffectiveMode; because: string } {
  return { mode: decision.mode, because: decision.because };
}

function without(
  annotations: Readonly<Record<string, string>>,
  keys: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !keys.includes(key)));
}

import { type ModeFacts, readModeFacts } from '../../api/function.ts';
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
  oldObject: JsonObject | undefined,
): FunctionDefaults {
  const written = readModeFacts(object);
  if (written === undefined) {
    return { patch: [], warnings: [], ...describe(effectiveMode(undefined)) };
  }
  const annotations = at(object, 'spec', 'serving', 'annotations');
  const isUpdate = oldObject !== undefined;
  if (isUpdate && jsonEquals(at(object, 'spec', 'serving'), at(oldObject, 'spec', 'serving'))) {
    const decision = effectiveMode(written);
    return { patch: [], warnings: ignoredMode(written, decision.mode), ...describe(decision) };
  }
  const present = asObject(annotations);
  const enable = asString(own(present, enableDapr));
  const isFormerDefault = isUpdate && isDefaultOfOurs(object, enable);
  const decision = effectiveMode(isFormerDefault ? withoutEnable(written) : written);

  const wanted = new Map<string, string>();
  if (own(present, enableDapr) === undefined || isFormerDefault) {
    wanted.set(enableDapr, enabledByDefault(written));
  }
  let warnings: string[] = [];
  if (decision.mode === 'disabled') {
    warnings = ignoredMode(written, decision.mode);
  } else if (own(present, daprServiceMode) === undefined) {
    wanted.set(daprServiceMode, 'standalone');
  }
  return {
    patch: patchStringMap(annotations, pointer('spec', 'serving', 'annotations'), wanted),
    warnings,
    ...describe(decision),
  };
}

/**
 * Whether a value of `enable-dapr` is one that this webhook writes, and that
 * nobody claims. Of the mode it writes `standalone` alone, which needs no such
 * question: it says what an unset mode says.
 */
function isDefaultOfOurs(object: JsonObject, value: string | undefined): boolean {
  return (
    enableValues.some((written) => written === value) &&
    !isOwnedByUser(object, enableDapr, value ?? '')
  );
}

function withoutEnable(serving: ModeFacts): ModeFacts {
  const { [enableDapr]: _enable, ...annotations } = serving.annotations;
  return { ...serving, annotations };
}

function ignoredMode({ annotations }: ModeFacts, mode: EffectiveMode): string[] {
  if (mode !== 'disabled' || annotations[daprServiceMode] === undefined) return [];
  return [
    `spec.serving.annotations[${daprServiceMode}]: ignored, because Dapr is disabled for this Function; set ${enableDapr} to "true" to use it`,
  ];
}

function describe(decision: ModeDecision): { mode: EffectiveMode; because: string } {
  return { mode: decision.mode, because: decision.because };
}

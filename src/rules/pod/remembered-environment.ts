import type { FunctionModel } from '../../api/function.ts';
import type { JsonObject } from '../../api/json.ts';
import type { ContextFacts } from '../context/function-context.ts';
import type { EffectiveMode } from '../effective-mode.ts';
import { type PodSettings, podEnvironment, podProtocol } from './pod-environment.ts';

/** How many Functions' environments are remembered: those whose pods come now, not all that exist. */
const rememberedMax = 256;

/** An environment, and all that it was made from beside the Function itself. */
interface Remembered {
  readonly state: object;
  readonly servings: readonly string[];
  readonly protocol: string;
  readonly settings: PodSettings;
  readonly environment: readonly JsonObject[];
}

const remembered = new Map<FunctionModel, Remembered>();

/**
 * `podEnvironment`, made once for the many pods of a Function: what the last one
 * got is right for the next while neither the Function nor anything that was
 * looked up for it has changed. FUNC_CONTEXT is most of what an admission costs.
 */
export function rememberedEnvironment(
  pod: JsonObject,
  fn: FunctionModel,
  mode: EffectiveMode,
  facts: ContextFacts,
  settings: PodSettings,
): readonly JsonObject[] {
  const { servings } = facts;
  const { state } = facts.components;
  const protocol = podProtocol(pod, fn, mode);
  const known = remembered.get(fn);
  if (
    known !== undefined &&
    known.state === state &&
    known.protocol === protocol &&
    known.settings === settings &&
    areEqual(known.servings, servings)
  ) {
    return known.environment;
  }
  const environment = podEnvironment(fn, mode, protocol, facts, settings);
  if (state !== undefined) remember(fn, { state, servings, protocol, settings, environment });
  return environment;
}

function remember(fn: FunctionModel, entry: Remembered): void {
  remembered.delete(fn);
  remembered.set(fn, entry);
  if (remembered.size <= rememberedMax) return;
  // A Map keeps its order: the first one is the oldest.
  const [oldest] = remembered.keys();
  if (oldest !== undefined) remembered.delete(oldest);
}

function areEqual(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index]);
}

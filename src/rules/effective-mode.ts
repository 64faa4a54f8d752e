import type { ModeFacts } from '../api/function.ts';
import { OpenFunctionAnnotation } from '../api/keys.ts';

/** How a Function's pods meet Dapr. */
export type EffectiveMode = 'disabled' | 'sidecar' | 'standalone';

/** Values of `openfunction.io/dapr-service-mode`. */
export const serviceModes = ['standalone', 'sidecar'] as const;

/** Values of `openfunction.io/enable-dapr`. */
export const enableValues = ['true', 'false'] as const;

export interface ModeDecision {
  readonly mode: EffectiveMode;
  /** Which rule decided, as one line for people. */
  readonly because: string;
  /** Annotations whose stored value is neither of the allowed ones; they counted as unset. */
  readonly invalid: readonly string[];
}

/** The two annotations, as far as they are valid. */
interface Choice {
  readonly enable: 'true' | 'false' | undefined;
  readonly serviceMode: 'standalone' | 'sidecar' | undefined;
}

/**
 * Decides the effective mode of a Function (behaviour: effective mode).
 *
 * Never fails: an invalid stored value is older than this webhook and must not
 * break a pod, so that an invalid `enable-dapr` counts as unset and an invalid
 * mode as `standalone`. Both are named in `invalid`.
 */
export function effectiveMode(serving: ModeFacts | undefined): ModeDecision {
  if (serving === undefined) {
    return { mode: 'disabled', because: 'the Function has no spec.serving', invalid: [] };
  }
  const { choice, invalid } = readChoice(serving.annotations);
  const { enableDapr, daprServiceMode } = OpenFunctionAnnotation;
  if (choice.enable === 'false') {
    return { mode: 'disabled', because: `${enableDapr} is "false"`, invalid };
  }
  if (choice.enable === undefined && !serving.hasBackends) {
    return {
      mode: 'disabled',
      because: `${enableDapr} is unset and the Function has no inputs, outputs or states`,
      invalid,
    };
  }
  const enabledBecause =
    choice.enable === 'true'
      ? `${enableDapr} is "true"`
      : `${enableDapr} is unset and the Function has inputs, outputs or states`;
  const mode = choice.serviceMode ?? 'standalone';
  const modeBecause =
    choice.serviceMode === undefined
      ? `${daprServiceMode} is unset, which means standalone`
      : `${daprServiceMode} is "${mode}"`;
  return { mode, because: `${enabledBecause}, ${modeBecause}`, invalid };
}

/** Whether Dapr is on for a Function whose `enable-dapr` is unset. */
export function enabledByDefault(serving: ModeFacts): 'true' | 'false' {
  return serving.hasBackends ? 'true' : 'false';
}

function readChoice(annotations: Readonly<Record<string, string>>): {
  choice: Choice;
  invalid: string[];
} {
  const invalid: string[] = [];
  const read = <Value extends string>(
    key: string,
    allowed: readonly Value[],
  ): Value | undefined => {
    const written = annotations[key];
    if (written === undefined) return undefined;
    const value = allowed.find((candidate) => candidate === written);
    if (value === undefined) invalid.push(key);
    return value;
  };
  const choice = {
    enable: read(OpenFunctionAnnotation.enableDapr, enableValues),
    serviceMode: read(OpenFunctionAnnotation.daprServiceMode, serviceModes),
  };
  return { choice, invalid };
}

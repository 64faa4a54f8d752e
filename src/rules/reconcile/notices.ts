import { componentPathOf, declaredComponent, type FunctionModel } from '../../api/function.ts';
import { OpenFunctionAnnotation } from '../../api/keys.ts';
import { type ContextFacts, resolve } from '../context/function-context.ts';
import { type EffectiveMode, effectiveMode } from '../effective-mode.ts';
import {
  describeOverrideProblem,
  type ProxySettings,
  proxySettingsFor,
} from '../proxy/proxy-settings.ts';
import type { ManagedKind } from './managed-kinds.ts';
import type { Notice } from './notice.ts';
import type { ObservedObject } from './observed-object.ts';
import { missedPods, type ObservedPod } from './observed-pod.ts';

/** Enough names to act on; an Event's note has room for 1,024 characters. */
const namesLimit = 5;

interface Around {
  readonly pods: readonly ObservedPod[];
  readonly componentsAreServed: boolean;
}

/** What a Function's user should know, whatever is to be done for it. */
export function functionNotices(
  fn: FunctionModel,
  mode: EffectiveMode,
  around: Around,
  facts: ContextFacts,
  settings: ProxySettings,
): Notice[] {
  return [
    ...invalidAnnotations(fn, mode, settings),
    ...(mode === 'disabled' ? [] : missingComponents(fn, facts, around.componentsAreServed)),
    ...notAdmitted(around.pods),
  ];
}

function invalidAnnotations(
  fn: FunctionModel,
  mode: EffectiveMode,
  settings: ProxySettings,
): Notice[] {
  // Without Dapr the mode decides nothing, whatever it is.
  const modeEffect =
    mode === 'disabled' ? 'it is ignored without Dapr' : 'it counts as "standalone"';
  const invalid = effectiveMode(fn.serving).invalid.map((annotation): Notice => {
    const isSwitch = annotation === OpenFunctionAnnotation.enableDapr;
    const effect = isSwitch ? 'it counts as unset' : modeEffect;
    const allowed = isSwitch ? '"true" and "false"' : '"standalone" and "sidecar"';
    return warning(
      'InvalidAnnotation',
      `spec.serving.annotations[${annotation}] has a value that is not supported; ${effect}. Supported are ${allowed}.`,
    );
  });
  const overrides = proxySettingsFor(fn, settings).problems.map((problem) =>
    warning('InvalidAnnotation', `${describeOverrideProblem(problem)}.`),
  );
  return [...invalid, ...overrides];
}

/** Components that the Function names and nobody has: Dapr answers calls to them with an error. */
function missingComponents(
  fn: FunctionModel,
  facts: ContextFacts,
  componentsAreServed: boolean,
): Notice[] {
  const { serving } = fn;
  if (serving === undefined) return [];
  const uses = [...serving.inputs, ...serving.passiveInputs, ...serving.outputs, ...serving.states];
  if (!componentsAreServed) {
    return uses.length === 0 && serving.components.length === 0
      ? []
      : [
          warning(
            'ComponentsNotServed',
            "The cluster has no Dapr Components (components.dapr.io), so that none can be made for the Function. They are made as soon as Dapr's custom resources are installed.",
          ),
        ];
  }
  const missing = new Map<string, string>();
  for (const use of uses) {
    if (declaredComponent(serving, use.component) !== undefined || missing.has(use.component))
      continue;
    const { name } = resolve(fn, use, facts);
    if (facts.components.byName(name) === undefined)
      missing.set(use.component, componentPathOf(use));
  }
  return [...missing].map(([component, path]) =>
    warning(
      'ComponentMissing',
      component === ''
        ? `${path}: no Dapr Component is named here. Name one.`
        : `${path}: there is no Dapr Component "${component}" in namespace "${fn.namespace}", and the Function declares none of that name. Create it, or declare it under bindings, pubsub or states.`,
    ),
  );
}

function notAdmitted(pods: readonly ObservedPod[]): Notice[] {
  const missed = missedPods(pods);
  if (missed.length === 0) return [];
  const advice =
    missed.length === 1
      ? 'Delete it, so that it is made anew.'
      : 'Delete them, so that they are made anew.';
  return [
    {
      ...warning(
        'PodsNotAdmitted',
        `${count(missed.length, 'pod was', 'pods were')} created while the webhook was away, and may lack the settings for Dapr: ${list(missed)}. ${advice}`,
      ),
      sameAs: 'PodsNotAdmitted',
    },
  ];
}

/** An object of a wanted name belongs to somebody else. */
export function nameTaken(
  kind: ManagedKind,
  name: string,
  by: Pick<ObservedObject, 'owner'>,
): Notice {
  const whose =
    by.owner === undefined ? '' : ` (it belongs to ${by.owner.kind} "${by.owner.name}")`;
  return warning(
    'NameTaken',
    `${kind} "${name}" is wanted for the Function, but exists already and is not the Function's own${whose}. It is left as it is. Delete or rename it, or rename the Function; the rest of the Function's objects are kept.`,
  );
}

export function openFunctionProxyFound(name: string): Notice {
  return {
    reason: 'OpenFunctionProxy',
    type: 'Normal',
    note: `OpenFunction keeps a Dapr proxy for the Function (Deployment "${name}"), so that none is made here. OpenFunction from 0.8 on does so; its proxy is used as it is.`,
    sameAs: 'OpenFunctionProxy',
  };
}

/** @param mode standalone where OpenFunction's proxy takes over: then ours goes although the mode stays */
export function waitingForPods(mode: EffectiveMode, pods: readonly ObservedPod[]): Notice {
  const why =
    mode === 'standalone'
      ? 'OpenFunction keeps a Dapr proxy for the Function now'
      : `The Function is ${adjective(mode)}`;
  return {
    reason: 'WaitingForPods',
    type: 'Normal',
    note: `${why}, and the proxy that was made here is removed when the pods that still use it are gone: ${list(pods)}.`,
    sameAs: `WaitingForPods ${mode}`,
  };
}

export function modeChanged(from: EffectiveMode, to: EffectiveMode): Notice {
  return {
    reason: 'ModeChanged',
    type: 'Normal',
    note: `The Function was ${adjective(from)} and is ${adjective(to)} now. New pods follow; those that run stay as they are.`,
  };
}

export function proxyCreated(name: string): Notice {
  return {
    reason: 'ProxyCreated',
    type: 'Normal',
    note: `Made the Dapr proxy of the Function, Deployment "${name}".`,
  };
}

export function proxyRemoved(name: string): Notice {
  return {
    reason: 'ProxyRemoved',
    type: 'Normal',
    note: `Removed the Dapr proxy of the Function, Deployment "${name}", which no pod uses any more.`,
  };
}

export function podEvicted(name: string): Notice {
  return {
    reason: 'PodEvicted',
    type: 'Normal',
    note: `Evicted pod "${name}", which was created while the webhook was away, so that it is made anew.`,
  };
}

export function repairPaused(name: string): Notice {
  return {
    ...warning(
      'RepairPaused',
      `Pod "${name}" was not admitted either, although it replaces one that was evicted for that. Nothing more is evicted until pods are admitted again. See whether the webhook is registered and reachable.`,
    ),
    sameAs: 'RepairPaused',
  };
}

export function changedByOthers(kind: ManagedKind, name: string): Notice {
  return {
    ...warning(
      'ChangedByOthers',
      `${kind} "${name}" is changed or deleted by somebody else again and again, and put back each time. It is put back less often now. kubectl get --show-managed-fields tells who changes it.`,
    ),
    sameAs: `ChangedByOthers ${kind} ${name}`,
  };
}

export function reconcileFailed(message: string): Notice {
  return warning('ReconcileFailed', message);
}

function warning(reason: Notice['reason'], note: string): Notice {
  return { reason, type: 'Warning', note };
}

function adjective(mode: EffectiveMode): string {
  return mode === 'disabled' ? 'without Dapr' : `in ${mode} mode`;
}

function list(pods: readonly ObservedPod[]): string {
  const names = pods.map(({ name }) => name).sort();
  const rest = names.length - namesLimit;
  return [...names.slice(0, namesLimit), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

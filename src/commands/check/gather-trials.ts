import type { ClusterLookUp } from '../../adapters/kubernetes/cluster-look-up.ts';
import type { FunctionModel } from '../../api/function.ts';
import { functionVersions } from '../../api/keys.ts';
import { type FunctionTrials, trialFunction } from '../../rules/check/function-trial.ts';
import { allFound, found, ifFound, type LookedUp } from '../../rules/check/looked-up.ts';
import { neededWebhooks } from '../../rules/check/needed-webhooks.ts';
import {
  functionsToTry,
  type PodTrial,
  type PodTrials,
  trialPod,
} from '../../rules/check/pod-trial.ts';
import {
  type RegisteredConfiguration,
  registeredWebhook,
} from '../../rules/check/registered-webhook.ts';
import {
  isSelectedNamespace,
  type NamespaceLabels,
  trialNamespace,
} from '../../rules/check/selected-namespace.ts';
import type { EffectiveMode } from '../../rules/effective-mode.ts';
import { functionsIn, resources } from './resources.ts';

/** What decides where dry runs are made. */
export interface TrialSurroundings {
  readonly mutating: LookedUp<readonly RegisteredConfiguration[]>;
  readonly namespaces: NamespaceLabels;
  readonly functions: LookedUp<readonly FunctionModel[]>;
  readonly functionNamespaces: LookedUp<readonly string[]>;
  /** Versions in which Functions are served. */
  readonly served: LookedUp<readonly string[]>;
}

export interface TrialFacts {
  readonly functionTrials: LookedUp<FunctionTrials | undefined>;
  readonly podTrials: LookedUp<PodTrials>;
}

/** Sends Functions and Pods through admission, by the API server and without storing any. */
export async function gatherTrials(
  lookUp: ClusterLookUp,
  around: TrialSurroundings,
): Promise<TrialFacts> {
  const [functionTrials, podTrials] = await Promise.all([
    tryFunctions(lookUp, around),
    tryPods(lookUp, around),
  ]);
  return { functionTrials, podTrials };
}

async function tryFunctions(
  lookUp: ClusterLookUp,
  around: TrialSurroundings,
): Promise<LookedUp<FunctionTrials | undefined>> {
  const { served } = around;
  if (served.kind !== 'found') return served;
  const version = functionVersions.find((one) => served.value.includes(one));
  if (version === undefined) return found(undefined);
  const namespace = trialNamespace(
    webhookFor('functions', around),
    around.namespaces,
    ifFound(around.functionNamespaces) ?? [],
  );
  const create = (kind: EffectiveMode | 'invalid') =>
    lookUp.tryToCreate(functionsIn(version), namespace, trialFunction(version, namespace, kind));
  const [standalone, sidecar, disabled, invalid] = await Promise.all([
    create('standalone'),
    create('sidecar'),
    create('disabled'),
    create('invalid'),
  ]);
  return found({ namespace, inModes: { standalone, sidecar, disabled }, invalid });
}

async function tryPods(
  lookUp: ClusterLookUp,
  around: TrialSurroundings,
): Promise<LookedUp<PodTrials>> {
  const { functions, functionNamespaces, namespaces } = around;
  const known = allFound({ functions, functionNamespaces });
  if (known.kind !== 'found') return known;
  const webhook = webhookFor('pods', around);
  const watched = new Set(known.value.functionNamespaces);
  const chosen = functionsToTry(
    known.value.functions.filter(({ namespace }) => watched.has(namespace)),
    (namespace) => isSelectedNamespace(webhook, namespaces, namespace),
  );
  const attempt = async (fn: FunctionModel | undefined): Promise<PodTrial | undefined> => {
    if (fn === undefined) return undefined;
    const pod = trialPod(fn);
    return { fn, pod, trial: await lookUp.tryToCreate(resources.pods, fn.namespace, pod) };
  };
  const [standalone, sidecar, disabled] = await Promise.all([
    attempt(chosen.standalone),
    attempt(chosen.sidecar),
    attempt(chosen.disabled),
  ]);
  return found({ standalone, sidecar, disabled });
}

/** The webhook that the first dry runs of a resource come to, as it is registered. */
function webhookFor(resource: 'functions' | 'pods', { mutating }: TrialSurroundings) {
  const needed = neededWebhooks.find((one) => one.resource === resource);
  return needed === undefined
    ? undefined
    : registeredWebhook({ mutating: ifFound(mutating) ?? [], validating: [] }, needed);
}

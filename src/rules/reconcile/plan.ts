import type { FunctionModel } from '../../api/function.ts';
import { asText, at, type JsonObject } from '../../api/json.ts';
import { type EffectiveMode, effectiveMode } from '../effective-mode.ts';
import { eventsServiceNameOf, proxyNameOf } from '../names.ts';
import { type DesiredFacts, desiredObjects } from '../proxy/desired-objects.ts';
import type { ProxySettings } from '../proxy/proxy-settings.ts';
import { fingerprint } from './fingerprint.ts';
import { isManagedKind, type ManagedKind } from './managed-kinds.ts';
import type { Notice } from './notice.ts';
import { functionNotices, nameTaken, openFunctionProxyFound, waitingForPods } from './notices.ts';
import { isOurs, isPredecessors, type ObservedObject } from './observed-object.ts';
import type { ObservedPod } from './observed-pod.ts';

/** What is known of the cluster around one Function. */
export interface FunctionSurroundings {
  /**
   * Objects that carry this project's label, and of these the ones that are owned
   * by it or, without an owner, name it. OpenFunction's objects are owned by it as
   * well, and must not be among them.
   */
  readonly objects: readonly ObservedObject[];
  /** Its pods that have not ended. */
  readonly pods: readonly ObservedPod[];
  /** The proxy that OpenFunction keeps for it. */
  readonly openFunctionProxy: OpenFunctionProxy | undefined;
  /** Whether the API server knows Dapr's Components. */
  readonly componentsAreServed: boolean;
}

/** A proxy that OpenFunction 0.8 or later made. */
export interface OpenFunctionProxy {
  readonly name: string;
  /** As `creationTimeOf` has it. */
  readonly createdAt: string;
}

/** A wanted object that is to be written. */
export interface ApplyStep {
  readonly verb: 'apply';
  readonly kind: ManagedKind;
  readonly name: string;
  readonly object: JsonObject;
  /** What is there of ours; undefined when it is to be made. */
  readonly observed: ObservedObject | undefined;
  readonly wanted: string;
  readonly reason: string;
}

export interface DeleteStep {
  readonly verb: 'delete';
  readonly kind: ManagedKind;
  readonly name: string;
  readonly observed: ObservedObject;
  readonly reason: string;
}

/** Nothing to do, now or ever. */
export interface KeepStep {
  readonly verb: 'keep';
  readonly kind: ManagedKind;
  readonly name: string;
  readonly reason: string;
}

export type PlanStep = ApplyStep | DeleteStep | KeepStep;

/** What there is to do for a Function, in order. */
export interface Plan {
  readonly mode: EffectiveMode;
  readonly steps: readonly PlanStep[];
  /** What holds for the Function at the moment, and its user should know. */
  readonly notices: readonly Notice[];
}

/**
 * Decides what the controller does for a Function (behaviour: what the
 * controller keeps).
 *
 * @param isAccepted whether the API server, given the wanted object, made the
 * observed one of it: then writing it again would change nothing
 */
export function planFunction(
  fn: FunctionModel,
  around: FunctionSurroundings,
  facts: DesiredFacts,
  settings: ProxySettings,
  isAccepted: (observed: ObservedObject, wanted: string) => boolean = () => false,
): Plan {
  const { mode } = effectiveMode(fn.serving);
  // Its objects go with it: that is garbage collection's, now or as soon as it is gone.
  if (fn.isDeleting) return { mode, steps: [], notices: [] };

  const standsAside = mode === 'standalone' && around.openFunctionProxy !== undefined;
  const wanted = wantedObjects(fn, facts, settings).filter(
    ({ kind }) =>
      !(standsAside && kind !== 'Component') &&
      // Nobody could take them; Dapr brings its kinds along when it is installed.
      !(kind === 'Component' && !around.componentsAreServed),
  );
  const notices: Notice[] = [
    ...functionNotices(fn, mode, around, facts, settings),
    ...(standsAside ? [openFunctionProxyFound(around.openFunctionProxy.name)] : []),
  ];

  const writing = wanted.map((object) => writeStep(fn, object, around.objects, isAccepted));
  for (const step of writing) {
    if (step.verb === 'taken') notices.push(nameTaken(step.kind, step.name, step.by));
  }
  const leaving = leavingSteps(fn, wanted, around);
  if (leaving.waitsFor.length > 0) notices.push(waitingForPods(mode, leaving.waitsFor));
  return {
    mode,
    // What leaves makes room first: Dapr's operator may want its name.
    steps: [...leaving.steps, ...writing.filter((step) => step.verb !== 'taken')],
    notices,
  };
}

interface WantedObject {
  readonly kind: ManagedKind;
  readonly name: string;
  readonly object: JsonObject;
  readonly wanted: string;
}

function wantedObjects(
  fn: FunctionModel,
  facts: DesiredFacts,
  settings: ProxySettings,
): WantedObject[] {
  return desiredObjects(fn, facts, settings).flatMap((object) => {
    const { kind } = object;
    const name = asText(at(object, 'metadata', 'name')) ?? '';
    return isManagedKind(kind) ? [{ kind, name, object, wanted: fingerprint(object) }] : [];
  });
}

interface TakenStep {
  readonly verb: 'taken';
  readonly kind: ManagedKind;
  readonly name: string;
  readonly by: ObservedObject;
}

/** What to do about an object that is wanted. */
function writeStep(
  fn: FunctionModel,
  { kind, name, object, wanted }: WantedObject,
  objects: readonly ObservedObject[],
  isAccepted: (observed: ObservedObject, wanted: string) => boolean,
): ApplyStep | KeepStep | TakenStep {
  const observed = objects.find((one) => one.kind === kind && one.name === name);
  if (observed === undefined) {
    return { verb: 'apply', kind, name, object, observed, wanted, reason: 'it is not there' };
  }
  if (observed.isDeleting || isPredecessors(observed, fn)) {
    return { verb: 'keep', kind, name, reason: 'its predecessor is being deleted' };
  }
  if (!isOurs(observed, fn)) return { verb: 'taken', kind, name, by: observed };
  // Whoever holds the token keeps it: a new one would lock out every running pod.
  if (kind === 'Secret') return { verb: 'keep', kind, name, reason: 'it is made once' };
  if (observed.fingerprint === wanted || isAccepted(observed, wanted)) {
    return { verb: 'keep', kind, name, reason: 'it is as it should be' };
  }
  return { verb: 'apply', kind, name, object, observed, wanted, reason: 'it differs' };
}

/** What to do about objects of ours that are no longer wanted. */
function leavingSteps(
  fn: FunctionModel,
  wanted: readonly WantedObject[],
  { objects, pods, openFunctionProxy, componentsAreServed }: FunctionSurroundings,
): { steps: (DeleteStep | KeepStep)[]; waitsFor: readonly ObservedPod[] } {
  const isWanted = (one: ObservedObject): boolean =>
    wanted.some(({ kind, name }) => kind === one.kind && name === one.name);
  const unwanted = objects.filter(
    (one) =>
      isOurs(one, fn) &&
      !one.isDeleting &&
      !isWanted(one) &&
      !(one.kind === 'Component' && !componentsAreServed),
  );
  const proxyStays = wanted.some(({ kind }) => kind === 'Deployment');
  const clients = pods.filter(
    ({ mode, createdAt }) =>
      mode === 'standalone' &&
      // Those that came after OpenFunction's proxy use that one.
      (openFunctionProxy === undefined || createdAt < openFunctionProxy.createdAt),
  );
  let waits = false;
  const steps = unwanted.toSorted(byDeletion).map((one): DeleteStep | KeepStep => {
    const { kind, name } = one;
    const isNeeded = clients.length > 0 && isNeededByPods(fn, one, proxyStays);
    if (!isNeeded) {
      return { verb: 'delete', kind, name, observed: one, reason: 'it is no longer wanted' };
    }
    if (!proxyStays) waits = true;
    return { verb: 'keep', kind, name, reason: 'pods in standalone mode are left' };
  });
  return { steps, waitsFor: waits ? clients : [] };
}

/** Whether pods that were admitted in standalone mode need an object that nobody wants otherwise. */
function isNeededByPods(fn: FunctionModel, one: ObservedObject, proxyStays: boolean): boolean {
  // A container that restarts reads its token again.
  if (proxyStays) return one.kind === 'Secret';
  const isOfSidecars =
    one.kind === 'Service' && ![proxyNameOf(fn), eventsServiceNameOf(fn)].includes(one.name);
  return !isOfSidecars;
}

const deletionOrder: readonly ManagedKind[] = [
  'Deployment',
  'Service',
  'NetworkPolicy',
  'Component',
  'Secret',
];

/** The proxy first, then what it needs. */
function byDeletion(left: ObservedObject, right: ObservedObject): number {
  return deletionOrder.indexOf(left.kind) - deletionOrder.indexOf(right.kind);
}

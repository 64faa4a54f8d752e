import type { FunctionModel } from '../../src/api/function.ts';
import type { Json, JsonObject } from '../../src/api/json.ts';
import type {
  ApplicableObject,
  ClusterView,
  ObjectWriter,
} from '../../src/controller/cluster-view.ts';
import type { ContextFacts } from '../../src/rules/context/function-context.ts';
import { appIdOf } from '../../src/rules/names.ts';
import { servedAppIdOf } from '../../src/rules/pod/served-app-id.ts';
import type { ManagedKind } from '../../src/rules/reconcile/managed-kinds.ts';
import {
  controllerOwnerOf,
  type ObservedObject,
  readObservedObject,
} from '../../src/rules/reconcile/observed-object.ts';
import type { ObservedPod } from '../../src/rules/reconcile/observed-pod.ts';
import type { FunctionSurroundings, OpenFunctionProxy } from '../../src/rules/reconcile/plan.ts';
import { namespace } from '../support/functions.ts';
import { objectAt, pick, textAt, wireCopy } from '../support/json.ts';
import { noFacts } from '../support/pods.ts';
import { FieldSet, setAt } from './field-sets.ts';

/** The label by which the controller's watches select. */
const ownLabel = 'baas.openfunction.io/proxy';

/** What a request asks for. */
export interface FakeRequest {
  readonly verb: 'find' | 'apply' | 'create' | 'delete' | 'list workloads';
  readonly kind: string;
  readonly name: string;
}

interface Stored {
  object: JsonObject;
  /** What the controller owns of it. */
  readonly ours: FieldSet;
  readonly theirs: FieldSet;
}

/**
 * One namespace of a cluster in memory, with the semantics that the controller
 * relies on: server-side apply with owners of fields, conflicts, preconditions, and
 * watches that see only what bears this project's label.
 */
export class FakeCluster implements ClusterView, ObjectWriter {
  /** Requests that changed something, as `verb Kind/name`, in order. */
  readonly writes: string[] = [];
  /** Called before each request; what it throws is the answer. */
  beforeRequest: (request: FakeRequest) => void = () => undefined;
  /** What admission makes of an object before it is stored. */
  admit: (object: JsonObject) => JsonObject = (object) => object;
  /** Whether requests look at their signal; one that is late is carried out all the same. */
  heedsSignals = true;
  /** Whether Dapr's operator runs. */
  hasDapr = false;
  facts: ContextFacts = noFacts;
  openFunctionProxy: OpenFunctionProxy | undefined;
  componentsAreServed = true;
  /** Told when a watch tells of something that concerns a Function. */
  onChange: (namespace: string, name: string) => void = () => undefined;

  readonly #functions = new Map<string, FunctionModel>();
  readonly #pods = new Map<string, ObservedPod>();
  readonly #stored = new Map<string, Stored>();
  /** What the watches have told of. */
  readonly #seen = new Map<string, ObservedObject>();
  #isBehind = false;
  #version = 0;

  // What the test does.

  putFunction(fn: FunctionModel): void {
    this.#functions.set(fn.name, fn);
    this.onChange(namespace, fn.name);
  }

  /** The Function is gone; what it owned is left to garbage collection. */
  removeFunction(name: string): void {
    this.#functions.delete(name);
    this.onChange(namespace, name);
  }

  putPods(...pods: readonly ObservedPod[]): void {
    for (const pod of pods) {
      this.#pods.set(pod.name, pod);
      this.onChange(namespace, pod.claim.name);
    }
  }

  removePod(name: string): void {
    const pod = this.#pods.get(name);
    this.#pods.delete(name);
    if (pod !== undefined) this.onChange(namespace, pod.claim.name);
  }

  /** Somebody else makes an object. */
  put(object: JsonObject): void {
    const { object: stored } = this.#store(object, new FieldSet(), FieldSet.of(object));
    this.#watch(titleOfObject(stored));
  }

  /** Somebody else changes a field, and owns it from then on. */
  edit(title: string, path: readonly string[], value: Json | undefined): void {
    const stored = this.#theStored(title);
    const object = wireCopy(stored.object);
    setAt(object, path, value);
    stored.ours.delete(path);
    stored.theirs.add(path);
    stored.object = this.#stamped(object);
    this.#watch(title);
  }

  /** Somebody else deletes an object; with a finalizer it stays for the time being. */
  remove(title: string, hasFinalizer = false): void {
    if (hasFinalizer) {
      this.edit(title, ['metadata', 'deletionTimestamp'], '2026-01-01T00:00:00Z');
      return;
    }
    this.#theStored(title);
    this.#stored.delete(title);
    this.#watch(title);
    this.#daprsOperator();
  }

  /** Removes what is owned by something that is gone. */
  collectGarbage(): void {
    for (const [title, { object }] of this.#stored) {
      const owner = controllerOwnerOf(object);
      const uids = [
        ...[...this.#functions.values()].map(({ uid }) => uid),
        ...[...this.#stored.values()].map((one) => pick(one.object, 'metadata', 'uid')),
      ];
      if (owner !== undefined && !uids.includes(owner.uid)) this.remove(title);
    }
  }

  /** What happens from now on is not seen before the watches have caught up. */
  fallBehind(): void {
    this.#isBehind = true;
  }

  catchUp(): void {
    this.#isBehind = false;
    for (const title of new Set([...this.#stored.keys(), ...this.#seen.keys()])) this.#watch(title);
  }

  /** An object without what the API server notes on its own. */
  object(title: string): JsonObject | undefined {
    const object = this.#stored.get(title)?.object;
    if (object === undefined) return undefined;
    const { resourceVersion, ...metadata } = objectAt(object, 'metadata');
    return { ...wireCopy(object), metadata: wireCopy(metadata) };
  }

  /** `Kind/name` of everything there is, sorted. */
  titles(): string[] {
    return [...this.#stored.keys()].sort();
  }

  /** Writes since this was called last. */
  takeWrites(): string[] {
    return this.writes.splice(0);
  }

  // What the controller sees.

  functions(): Iterable<FunctionModel> {
    return this.#functions.values();
  }

  function(_namespace: string, name: string): FunctionModel | undefined {
    return this.#functions.get(name);
  }

  contextFacts(): ContextFacts {
    return this.facts;
  }

  surroundings(fn: FunctionModel): FunctionSurroundings {
    return {
      objects: [...this.#seen.values()].filter(({ functionName }) => functionName === fn.name),
      pods: [...this.#pods.values()].filter(({ claim }) => claim.name === fn.name),
      openFunctionProxy: this.openFunctionProxy,
      componentsAreServed: this.componentsAreServed,
    };
  }

  pod(_namespace: string, name: string): { pod: ObservedPod; fn: FunctionModel } | undefined {
    const pod = this.#pods.get(name);
    const fn = pod === undefined ? undefined : this.#functions.get(pod.claim.name);
    return pod === undefined || fn === undefined ? undefined : { pod, fn };
  }

  async hasAnnotatedWorkload(fn: FunctionModel, signal: AbortSignal): Promise<boolean> {
    this.#request({ verb: 'list workloads', kind: '', name: '' }, signal);
    return this.#annotatedDeployments().has(appIdOf(fn));
  }

  // What the controller does.

  async find(
    kind: ManagedKind,
    _namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<ObservedObject | undefined> {
    const request = { verb: 'find', kind, name } as const;
    this.#request(request, signal);
    const stored = this.#stored.get(titleOf(request));
    return stored === undefined ? undefined : { ...observe(stored), fingerprint: undefined };
  }

  async apply(
    { kind, name, object }: ApplicableObject,
    force: boolean,
    signal: AbortSignal,
  ): Promise<ObservedObject> {
    const request = { verb: 'apply', kind, name } as const;
    this.#request(request, signal);
    const title = titleOf(request);
    const before = this.#stored.get(title);
    const uid = pick(object, 'metadata', 'uid');
    if (uid !== undefined && pick(before?.object, 'metadata', 'uid') !== uid) {
      throw new Error(`Cannot patch ${title}: uid mismatch`);
    }
    const wanted = FieldSet.of(object);
    const live = wireCopy(before?.object ?? object);
    const theirs = before?.theirs ?? new FieldSet();
    const conflicts = [...wanted.paths()].filter(
      (path) =>
        theirs.has(path) &&
        JSON.stringify(pick(live, ...path)) !== JSON.stringify(pick(object, ...path)),
    );
    if (conflicts.length > 0 && !force) {
      throw new Error(`Cannot patch ${title}: conflict in ${conflicts.join(', ')}`);
    }
    for (const path of before?.ours.paths() ?? []) {
      if (!wanted.has(path) && !theirs.has(path)) setAt(live, path, undefined);
    }
    for (const path of wanted.paths()) setAt(live, path, pick(wireCopy(object), ...path));
    for (const path of conflicts) theirs.delete(path);
    return this.#written(request, this.#store(this.admit(live), wanted, theirs));
  }

  async create(
    { kind, name, object }: ApplicableObject,
    signal: AbortSignal,
  ): Promise<ObservedObject | undefined> {
    const request = { verb: 'create', kind, name } as const;
    this.#request(request, signal);
    if (this.#stored.has(titleOf(request))) return undefined;
    // Creation is no apply: the controller owns what it gave, and the rules see none of it.
    return this.#written(request, this.#store(this.admit(object), new FieldSet(), new FieldSet()));
  }

  async delete({ kind, name, uid }: ObservedObject, signal: AbortSignal): Promise<void> {
    const request = { verb: 'delete', kind, name } as const;
    this.#request(request, signal);
    const title = titleOf(request);
    const seen = this.#seen.get(title);
    if (pick(this.#stored.get(title)?.object, 'metadata', 'uid') === uid) {
      this.#stored.delete(title);
      this.writes.push(`delete ${title}`);
    }
    // As with every write of the controller's own, no watch has to tell of it.
    if (seen?.uid === uid) this.#seen.delete(title);
    this.#daprsOperator();
  }

  // How it works.

  #request(request: FakeRequest, signal: AbortSignal): void {
    if (this.heedsSignals) signal.throwIfAborted();
    this.beforeRequest(request);
    if (this.heedsSignals) signal.throwIfAborted();
  }

  #written(request: FakeRequest, stored: Stored): ObservedObject {
    const observed = observe(stored);
    this.#seen.set(titleOf(request), observed);
    this.writes.push(`${request.verb} ${titleOf(request)}`);
    this.#daprsOperator();
    return observed;
  }

  #store(object: JsonObject, ours: FieldSet, theirs: FieldSet): Stored {
    const stored = { object: this.#stamped(wireCopy(object)), ours, theirs };
    this.#stored.set(titleOfObject(object), stored);
    return stored;
  }

  #stamped(object: JsonObject): JsonObject {
    this.#version += 1;
    const metadata = objectAt(object, 'metadata');
    const uid = metadata['uid'] ?? `uid-${this.#version}`;
    const stamp = { namespace, uid, resourceVersion: String(this.#version) };
    return { ...object, metadata: { ...metadata, ...stamp } };
  }

  /** A watch tells of an object, if it sees it and there is something to tell. */
  #watch(title: string): void {
    if (this.#isBehind) return;
    const stored = this.#stored.get(title);
    const before = this.#seen.get(title);
    const isSelected = pick(stored?.object, 'metadata', 'labels', ownLabel) !== undefined;
    const after = stored !== undefined && isSelected ? observe(stored) : undefined;
    if (after === undefined) this.#seen.delete(title);
    else this.#seen.set(title, after);
    if (isNews(before, after)) {
      for (const one of [before, after]) {
        if (one !== undefined) this.onChange(namespace, one.functionName);
      }
    }
  }

  #theStored(title: string): Stored {
    const stored = this.#stored.get(title);
    if (stored === undefined) throw new Error(`no ${title}, only ${this.titles().join(', ')}`);
    return stored;
  }

  #annotatedDeployments(): Map<string, JsonObject> {
    const byAppId = new Map<string, JsonObject>();
    for (const { object } of this.#stored.values()) {
      const appId = servedAppIdOf(object);
      if (appId !== undefined) byAppId.set(appId, object);
    }
    return byAppId;
  }

  /** Makes the Service of each annotated workload; it goes by garbage collection alone. */
  #daprsOperator(): void {
    if (!this.hasDapr) return;
    for (const [appId, workload] of this.#annotatedDeployments()) {
      const name = `${appId}-dapr`;
      if (this.#stored.has(`Service/${name}`)) continue;
      this.put({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name,
          labels: { 'dapr.io/enabled': 'true' },
          ownerReferences: [
            {
              apiVersion: 'apps/v1',
              kind: 'Deployment',
              name: pick(workload, 'metadata', 'name') ?? '',
              uid: pick(workload, 'metadata', 'uid') ?? '',
              controller: true,
            },
          ],
        },
        spec: { clusterIP: 'None' },
      });
    }
  }
}

function titleOf({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}/${name}`;
}

function titleOfObject(object: JsonObject): string {
  return titleOf({ kind: textAt(object, 'kind'), name: textAt(object, 'metadata', 'name') });
}

function observe({ object, ours }: Stored): ObservedObject {
  const fieldsV1 = ours.fieldsV1();
  const managedFields = [
    { manager: 'openfunction-dapr-webhook', operation: 'Apply', fieldsV1 },
  ].filter(() => Object.keys(fieldsV1).length > 0);
  const metadata = { ...objectAt(object, 'metadata'), managedFields };
  const observed = readObservedObject({ ...object, metadata });
  if (observed === undefined) throw new Error('the test has an object that nobody keeps');
  return observed;
}

function isNews(before: ObservedObject | undefined, after: ObservedObject | undefined): boolean {
  return (
    before?.uid !== after?.uid ||
    before?.fingerprint !== after?.fingerprint ||
    before?.isDeleting !== after?.isDeleting ||
    before?.owner?.uid !== after?.owner?.uid
  );
}

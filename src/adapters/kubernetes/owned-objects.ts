import type { ManagedKind } from '../../rules/reconcile/managed-kinds.ts';
import type { ObservedObject } from '../../rules/reconcile/observed-object.ts';
import { Table } from '../store/object-index.ts';

/** So many deletions are remembered; the answer to a write is late by milliseconds. */
const goneLimit = 1_000;

/**
 * The objects of one kind that are kept for Functions, as watches and our own
 * writes tell of them, whichever is first.
 */
export class OwnedObjects {
  readonly kind: ManagedKind;
  readonly #table = new Table<ObservedObject>((one) => one.functionName);
  readonly #onChange: (one: ObservedObject) => void;
  /** Uids of objects that a watch said are gone, the latest last. */
  readonly #gone = new Set<string>();

  /** @param onChange called after a change that a Function's reconcile has to look at */
  constructor(kind: ManagedKind, onChange: (one: ObservedObject) => void) {
    this.kind = kind;
    this.#onChange = onChange;
  }

  of(namespace: string, functionName: string): readonly ObservedObject[] {
    return this.#table.group(namespace, functionName);
  }

  values(): Iterable<ObservedObject> {
    return this.#table.values();
  }

  /** What a watch says. It may be behind what our own write was answered with. */
  saw(one: ObservedObject): void {
    // One that only had ceased to carry our label comes back as who it was.
    this.#gone.delete(one.uid);
    const before = this.#table.get(one.namespace, one.name);
    if (before !== undefined && isOlder(one, before)) return;
    this.#table.set(one);
    if (before === undefined || isDifferent(before, one)) this.#onChange(one);
    if (before !== undefined && before.functionName !== one.functionName) this.#onChange(before);
  }

  /** What our own write was answered with: nobody has to look at that again. */
  wrote(one: ObservedObject): void {
    // No watch would ever take it away again.
    if (this.#gone.has(one.uid)) return;
    const before = this.#table.get(one.namespace, one.name);
    if (before === undefined || !isOlder(one, before)) this.#table.set(one);
  }

  /** A watch says that it is gone. It may be behind, and we have made its successor already. */
  sawDeleted(namespace: string, name: string, uid: string): void {
    this.#remember(uid);
    const before = this.#table.get(namespace, name);
    if (before?.uid !== uid) return;
    this.#table.delete(namespace, name);
    this.#onChange(before);
  }

  /** Deleted by us; forgotten, unless it was made anew meanwhile. */
  deleted(one: ObservedObject): void {
    const before = this.#table.get(one.namespace, one.name);
    if (before?.uid === one.uid) this.#table.delete(one.namespace, one.name);
  }

  /** All there are, as a list has them: whatever was thought until now. */
  replace(items: readonly ObservedObject[]): void {
    this.#gone.clear();
    this.#table.replace(items);
  }

  #remember(uid: string): void {
    this.#gone.add(uid);
    if (this.#gone.size <= goneLimit) return;
    const [oldest = ''] = this.#gone;
    this.#gone.delete(oldest);
  }
}

/**
 * API servers count the versions of all objects of a kind up together, so that a
 * predecessor of the same name is older; one that does not count is believed.
 */
function isOlder(one: ObservedObject, than: ObservedObject): boolean {
  const [left, right] = [one.resourceVersion, than.resourceVersion];
  if (!/^\d+$/.test(left) || !/^\d+$/.test(right)) return false;
  return left.length === right.length ? left < right : left.length < right.length;
}

/** Most changes of an object are of its status, or of fields that are somebody else's. */
function isDifferent(before: ObservedObject, after: ObservedObject): boolean {
  return (
    before.uid !== after.uid ||
    before.functionName !== after.functionName ||
    before.fingerprint !== after.fingerprint ||
    before.isDeleting !== after.isDeleting ||
    before.owner?.uid !== after.owner?.uid
  );
}

import {
  asObject,
  at,
  type Json,
  type JsonObject,
  jsonEquals,
  objectsOf,
} from '../../../src/api/json.ts';

/**
 * Who owns which field, as much of it as a fake API server takes: every list is
 * owned as a whole, as in a custom resource whose schema says nothing of lists.
 */

/** Somebody who writes, as `metadata.managedFields` has it. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
}

export interface Conflict {
  readonly manager: string;
  readonly field: string;
}

interface Owner extends Writer {
  /** Paths of fields, as text. */
  readonly fields: ReadonlySet<string>;
}

/** What server-side apply makes of a live object, or the fields that others own and keep. */
export function applyFields(
  live: JsonObject | undefined,
  wanted: JsonObject,
  manager: string,
  force: boolean,
): { readonly object: JsonObject } | { readonly conflicts: readonly Conflict[] } {
  const self: Writer = { manager, operation: 'Apply' };
  const owners = ownersOf(live);
  const others = owners.filter((owner) => !isSame(owner, self));
  const fields = fieldsOf(wanted);
  const conflicts = others.flatMap((owner) =>
    [...fields]
      .filter(([key, { path, value }]) => {
        return owner.fields.has(key) && !jsonEquals(at(live, ...path), value);
      })
      .map(([, { path }]) => ({ manager: owner.manager, field: `.${path.join('.')}` })),
  );
  if (conflicts.length > 0 && !force) return { conflicts };

  const object = structuredClone(live ?? {});
  for (const { path, value } of fields.values()) setAt(object, path, value);
  const left = others.map((owner) => without(owner, changed(live, object)));
  const before = owners.find((owner) => isSame(owner, self));
  for (const key of before?.fields ?? []) {
    const isOwned = fields.has(key) || left.some((owner) => owner.fields.has(key));
    if (!isOwned) removeAt(object, JSON.parse(key) as string[]);
  }
  return { object: withOwners(object, [...left, { ...self, fields: new Set(fields.keys()) }]) };
}

/** A live object after somebody wrote it as a whole: what that changed is theirs now. */
export function updateFields(
  live: JsonObject | undefined,
  next: JsonObject,
  manager: string,
): JsonObject {
  const self: Writer = { manager, operation: 'Update' };
  const owners = ownersOf(live);
  const taken = changed(live, next);
  const own = owners.find((owner) => isSame(owner, self))?.fields ?? [];
  const others = owners.filter((owner) => !isSame(owner, self));
  return withOwners(next, [
    ...others.map((owner) => without(owner, taken)),
    { ...self, fields: new Set([...own, ...taken]) },
  ]);
}

/** JSON merge patch: null takes a member away. */
export function mergePatch(object: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = structuredClone(object);
  for (const [key, value] of Object.entries(patch)) {
    const below = asObject(value);
    if (value === null) delete result[key];
    else if (below === undefined) result[key] = value;
    else result[key] = mergePatch(asObject(result[key]) ?? {}, below);
  }
  return result;
}

interface Field {
  readonly path: readonly string[];
  readonly value: Json;
}

/** What nobody owns: which object it is, and what the API server writes itself. */
const ownerless: ReadonlySet<string> = new Set(
  [
    ['apiVersion'],
    ['kind'],
    ...[
      ...['name', 'namespace', 'uid', 'resourceVersion'],
      ...['creationTimestamp', 'generation', 'managedFields'],
    ].map((member) => ['metadata', member]),
  ].map((path) => JSON.stringify(path)),
);

/** Every value that is no map, and every map without members. */
function fieldsOf(
  object: JsonObject | undefined,
  above: readonly string[] = [],
): Map<string, Field> {
  const fields = new Map<string, Field>();
  for (const [name, value] of Object.entries(object ?? {})) {
    const path = [...above, name];
    const key = JSON.stringify(path);
    if (value === undefined || ownerless.has(key)) continue;
    const map = asObject(value);
    if (map === undefined || Object.keys(map).length === 0) fields.set(key, { path, value });
    else for (const [below, field] of fieldsOf(map, path)) fields.set(below, field);
  }
  return fields;
}

/** Fields that differ, those that are gone among them. */
function changed(before: JsonObject | undefined, after: JsonObject): Set<string> {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return new Set(
    [...old.keys(), ...now.keys()].filter(
      (key) => !jsonEquals(old.get(key)?.value, now.get(key)?.value),
    ),
  );
}

function ownersOf(object: JsonObject | undefined): Owner[] {
  return objectsOf(at(object, 'metadata', 'managedFields')).map(({ item }) => ({
    manager: String(item['manager']),
    operation: item['operation'] === 'Apply' ? 'Apply' : 'Update',
    fields: new Set(readFields(asObject(item['fieldsV1']) ?? {})),
  }));
}

function readFields(tree: JsonObject, above: readonly string[] = []): string[] {
  const members = Object.entries(tree).filter(([key]) => key.startsWith('f:'));
  if (members.length === 0) return [JSON.stringify(above)];
  return members.flatMap(([key, below]) =>
    readFields(asObject(below) ?? {}, [...above, key.slice('f:'.length)]),
  );
}

function withOwners(object: JsonObject, owners: readonly Owner[]): JsonObject {
  const managedFields = owners
    .filter(({ fields }) => fields.size > 0)
    .map(({ manager, operation, fields }) => {
      const fieldsV1: JsonObject = {};
      for (const key of [...fields].sort()) {
        const path = (JSON.parse(key) as string[]).map((name) => `f:${name}`);
        setAt(fieldsV1, path, {});
      }
      return {
        manager,
        operation,
        apiVersion: object['apiVersion'] ?? null,
        fieldsType: 'FieldsV1',
        fieldsV1,
      };
    });
  return { ...object, metadata: { ...asObject(object['metadata']), managedFields } };
}

function without(owner: Owner, fields: ReadonlySet<string>): Owner {
  return { ...owner, fields: new Set([...owner.fields].filter((key) => !fields.has(key))) };
}

function isSame(one: Writer, other: Writer): boolean {
  return one.manager === other.manager && one.operation === other.operation;
}

function setAt(object: JsonObject, path: readonly string[], value: Json): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    object[name] = structuredClone(value);
    return;
  }
  const below = asObject(object[name]) ?? {};
  object[name] = below;
  setAt(below, rest, value);
}

function removeAt(object: JsonObject, path: readonly string[]): void {
  const [name = '', ...rest] = path;
  const below = asObject(object[name]);
  if (rest.length === 0) delete object[name];
  else if (below !== undefined) removeAt(below, rest);
}

import type { Json, JsonObject } from '../../src/api/json.ts';
import { pick } from '../support/json.ts';

/**
 * Paths of fields, as an API server keeps them for each field manager. Simpler than
 * the real ones in one thing: every list is owned as a whole.
 */
export class FieldSet {
  readonly #paths = new Map<string, readonly string[]>();

  static of(object: JsonObject): FieldSet {
    const set = new FieldSet();
    for (const path of leavesOf(object)) if (!isIdentity(path)) set.add(path);
    return set;
  }

  add(path: readonly string[]): void {
    this.#paths.set(keyOf(path), path);
  }

  /** Takes out a path, and everything above and below it. */
  delete(path: readonly string[]): void {
    for (const [key, one] of this.#paths) if (isOnOnePath(one, path)) this.#paths.delete(key);
  }

  has(path: readonly string[]): boolean {
    return this.#paths.has(keyOf(path));
  }

  paths(): Iterable<readonly string[]> {
    return this.#paths.values();
  }

  /** In the notation of `metadata.managedFields`. */
  fieldsV1(): JsonObject {
    const fields: JsonObject = {};
    for (const path of this.#paths.values()) {
      let current = fields;
      for (const name of path) {
        const next = (current[`f:${name}`] ?? {}) as JsonObject;
        current[`f:${name}`] = next;
        current = next;
      }
    }
    return fields;
  }
}

/** Sets the value at a path; objects on the way are made. */
export function setAt(object: JsonObject, path: readonly string[], value: Json | undefined): void {
  const [name = '', ...rest] = path;
  if (rest.length > 0) {
    const below = (pick(object, name) ?? {}) as JsonObject;
    object[name] = below;
    setAt(below, rest, value);
  } else if (value === undefined) delete object[name];
  else object[name] = value;
}

/** Says which object it is; no manager owns it. */
function isIdentity(path: readonly string[]): boolean {
  const names = ['name', 'namespace', 'uid', 'resourceVersion'];
  return path.length === 1
    ? ['apiVersion', 'kind'].includes(path[0] ?? '')
    : path.length === 2 && path[0] === 'metadata' && names.includes(path[1] ?? '');
}

function leavesOf(value: JsonObject, above: readonly string[] = []): (readonly string[])[] {
  return Object.entries(value).flatMap(([name, member]) => {
    const path = [...above, name];
    if (member === undefined) return [];
    const isMap = typeof member === 'object' && member !== null && !Array.isArray(member);
    return isMap && Object.keys(member).length > 0 ? leavesOf(member, path) : [path];
  });
}

function isOnOnePath(left: readonly string[], right: readonly string[]): boolean {
  return left.slice(0, right.length).every((name, index) => name === right[index]);
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}

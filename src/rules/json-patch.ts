import { asObject, type Json, type JsonObject } from '../api/json.ts';

/** The RFC 6902 operations that this project makes. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };

/** JSON pointer (RFC 6901) to a member; `openfunction.io/x` becomes `openfunction.io~1x`. */
export function pointer(...segments: (string | number)[]): string {
  let path = '';
  for (const segment of segments) path += `/${escaped(String(segment))}`;
  return path;
}

function escaped(segment: string): string {
  // Most need none, and to replace nothing costs as much as to replace.
  if (!segment.includes('/') && !segment.includes('~')) return segment;
  return segment.replaceAll('~', '~0').replaceAll('/', '~1');
}

/**
 * Operations that bring an object's string members (annotations, labels) to the
 * wanted values, and nothing else: members are added or replaced one by one, a
 * missing parent comes with its members in one operation.
 *
 * @param wanted value per key; undefined removes the key
 */
export function patchStringMap(
  present: unknown,
  path: string,
  wanted: ReadonlyMap<string, string | undefined>,
): PatchOperation[] {
  const object = asObject(present);
  if (object === undefined) {
    // A value of another type is somebody's mistake; the API server tells them, a patch would hide it.
    if (present !== undefined && present !== null) return [];
    const members = [...wanted].filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    if (members.length === 0) return [];
    return [{ op: 'add', path, value: Object.fromEntries(members) }];
  }
  const operations: PatchOperation[] = [];
  for (const [key, value] of wanted) {
    const operation = patchMember(object, path, key, value);
    if (operation !== undefined) operations.push(operation);
  }
  return operations;
}

function patchMember(
  object: JsonObject,
  path: string,
  key: string,
  value: string | undefined,
): PatchOperation | undefined {
  const isPresent = Object.hasOwn(object, key);
  if (value === undefined) {
    return isPresent ? { op: 'remove', path: path + pointer(key) } : undefined;
  }
  if (isPresent && object[key] === value) return undefined;
  return { op: isPresent ? 'replace' : 'add', path: path + pointer(key), value };
}

/** Operations that append to a list; a missing list comes with its members in one operation. */
export function patchAppend(present: unknown, path: string, members: Json[]): PatchOperation[] {
  if (members.length === 0) return [];
  if (present === undefined || present === null) return [{ op: 'add', path, value: members }];
  if (!Array.isArray(present)) return [];
  return members.map((value) => ({ op: 'add', path: `${path}/-`, value }));
}

/** Operations that remove members of a list; from the last one on, so that no index moves under another. */
export function patchRemoveIndexes(path: string, indexes: readonly number[]): PatchOperation[] {
  return indexes
    .toSorted((left, right) => right - left)
    .map((index) => ({ op: 'remove', path: path + pointer(index) }));
}

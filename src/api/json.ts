/**
 * JSON as it arrives, and readers that take anything and never throw.
 *
 * Objects reach this project from API servers, files and fuzzers. A field of the
 * wrong type reads as absent here; whether that is worth telling somebody is for
 * a rule to say.
 */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}

/** The value when it is an object and neither null nor a list, else undefined. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/**
 * Far deeper than anything that Functions hold, far less than what makes
 * `JSON.stringify` overflow the stack. A circle, which YAML can write, is deeper than any limit.
 */
const maxDepth = 64;

/** The value when it is an object that can be written as JSON, else undefined. */
export function asShallowObject(value: unknown): JsonObject | undefined {
  return isWithinDepth(value, maxDepth) ? asObject(value) : undefined;
}

/** Whether a value is nested at most so deep; a circle never is. */
export function isWithinDepth(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  // Without a list of the members, as all of an object passes here.
  if (Array.isArray(value)) {
    for (const member of value) if (!isWithinDepth(member, depth - 1)) return false;
    return true;
  }
  for (const key in value) {
    if (!isWithinDepth((value as JsonObject)[key], depth - 1)) return false;
  }
  return true;
}

/** The value when it is a list, else undefined. */
export function asList(value: unknown): readonly Json[] | undefined {
  return Array.isArray(value) ? (value as Json[]) : undefined;
}

/** The value when it is a string, else undefined. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The value when it is a string with something in it, else undefined. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value when it is a port number (1 to 65535), or a string that spells one, else undefined. */
export function asPort(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 65535
    ? number
    : undefined;
}

/** The members of an object whose values are strings; empty for anything else. */
export function asStringMap(value: unknown): Readonly<Record<string, string>> {
  const object = asObject(value);
  if (object === undefined) return noStrings;
  const strings: Record<string, string> = {};
  for (const key of Object.keys(object)) {
    const member = object[key];
    if (typeof member === 'string') setOwn(strings, key, member);
  }
  return strings;
}

/** One for all: models are kept by the thousand, and most of their maps are empty. */
const noStrings: Readonly<Record<string, string>> = Object.freeze({});

/** Members of a list that are objects, each with its index in that list. */
export function objectsOf(value: unknown): { index: number; item: JsonObject }[] {
  const objects: { index: number; item: JsonObject }[] = [];
  const list = asList(value) ?? [];
  for (let index = 0; index < list.length; index += 1) {
    const item = asObject(list[index]);
    if (item !== undefined) objects.push({ index, item });
  }
  return objects;
}

/** Own member of an object; a key such as `constructor` never reaches the prototype. */
export function own(object: JsonObject | undefined, key: string): Json | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Follows object keys downwards; undefined where one is missing. */
export function at(value: unknown, ...keys: string[]): Json | undefined {
  let current: Json | undefined = value as Json | undefined;
  for (const key of keys) current = own(asObject(current), key);
  return current;
}

/** Sets a member even when the key is `__proto__`, which plain assignment would not. */
export function setOwn<Value>(object: Record<string, Value>, key: string, value: Value): void {
  if (key !== '__proto__') {
    object[key] = value;
    return;
  }
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** Whether a list or an object holds nothing. Absent and null count as empty. */
export function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  const object = asObject(value);
  return object === undefined || Object.keys(object).length === 0;
}

/**
 * Deep equality of JSON; the order of keys does not matter, an undefined member
 * equals a missing one. Iterative, so that no nesting depth overflows the stack.
 */
export function jsonEquals(left: unknown, right: unknown): boolean {
  const pairs: [unknown, unknown][] = [[left, right]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [a, b] = pair;
    if (a === b) continue;
    if (Array.isArray(a)) {
      if (!Array.isArray(b) || a.length !== b.length) return false;
      for (const [index, member] of a.entries()) pairs.push([member, b[index]]);
      continue;
    }
    const objectA = asObject(a);
    const objectB = asObject(b);
    if (objectA === undefined || objectB === undefined) return false;
    const keys = definedKeys(objectA);
    if (keys.length !== definedKeys(objectB).length) return false;
    for (const key of keys) {
      if (!Object.hasOwn(objectB, key)) return false;
      pairs.push([objectA[key], objectB[key]]);
    }
  }
  return true;
}

function definedKeys(object: JsonObject): string[] {
  return Object.keys(object).filter((key) => object[key] !== undefined);
}

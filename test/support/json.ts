import type { Json, JsonObject } from '../../src/api/json.ts';

/** Follows keys and indexes downwards; undefined where one is missing. */
export function pick(value: unknown, ...path: (string | number)[]): Json | undefined {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) {
      return undefined;
    }
    current = (current as Record<string | number, unknown>)[step];
  }
  return current as Json | undefined;
}

/** The list at a path; empty when there is none. */
export function listAt(value: unknown, ...path: (string | number)[]): JsonObject[] {
  const list = pick(value, ...path);
  return Array.isArray(list) ? (list as JsonObject[]) : [];
}

/** The object at a path; empty when there is none. */
export function objectAt(value: unknown, ...path: (string | number)[]): JsonObject {
  const object = pick(value, ...path);
  return typeof object === 'object' && object !== null && !Array.isArray(object) ? object : {};
}

/** The text at a path, where the test cannot go on without one. */
export function textAt(value: unknown, ...path: (string | number)[]): string {
  const text = pick(value, ...path);
  if (typeof text !== 'string') throw new Error(`no text at ${path.join('.')}`);
  return text;
}

/** A copy as the wire would make it: what JSON cannot say is gone, a `__proto__` key is a key. */
export function wireCopy<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}

/** Freezes a value through and through, so that whoever writes to it throws. */
export function deepFreeze<Value>(value: Value): Value {
  const pending: unknown[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null || Object.isFrozen(next)) continue;
    Object.freeze(next);
    pending.push(...Object.values(next).filter((member) => member !== undefined));
  }
  return value;
}

/** Whether two values are the same JSON; `__proto__` and `constructor` are keys like others. */
export function sameJson(left: unknown, right: unknown): boolean {
  return canonical(left) === canonical(right);
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([one], [two]) => (one < two ? -1 : 1)))
      : member,
  );
}

/** An object of objects nested this deep, which recursion would not survive. */
export function nested(depth: number): JsonObject {
  let object: JsonObject = {};
  for (let level = 0; level < depth; level += 1) object = { deeper: object };
  return object;
}

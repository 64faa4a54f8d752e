import { quote } from '../function/problem.ts';
import { isLabelKey, isLabelValue } from '../names.ts';
import type { Reading } from './reading.ts';

export type KeyValues = Readonly<Record<string, string>>;

/** Reads members of the form `key=value` that may be labels. */
export function readLabels(members: readonly string[]): Reading<KeyValues> {
  return readKeyValues(members, (key, value) => {
    if (!isLabelKey(key)) return `${quote(key)} cannot be the key of a label`;
    return isLabelValue(value) ? undefined : `${quote(value)} cannot be the value of a label`;
  });
}

/** Reads members of the form `key=value` that may be annotations. */
export function readAnnotations(members: readonly string[]): Reading<KeyValues> {
  return readKeyValues(members, (key) =>
    // The API server looks at an annotation's key in lower case.
    isLabelKey(key.toLowerCase()) ? undefined : `${quote(key)} cannot be the key of an annotation`,
  );
}

function readKeyValues(
  members: readonly string[],
  problemOf: (key: string, value: string) => string | undefined,
): Reading<KeyValues> {
  const values = new Map<string, string>();
  for (const member of members) {
    const equals = member.indexOf('=');
    if (equals === -1) return { problem: `must be key=value; ${quote(member)} is not` };
    const key = member.slice(0, equals);
    const value = member.slice(equals + 1);
    const problem = problemOf(key, value);
    if (problem !== undefined) return { problem };
    if (values.has(key)) return { problem: `${quote(key)} is there twice` };
    values.set(key, value);
  }
  return { value: Object.fromEntries(values) };
}

import { asObject, at, type JsonObject } from '../../../src/api/json.ts';

/** Whether a list or a watch that was asked for so includes an object. */
export function isSelected(query: URLSearchParams, object: JsonObject): boolean {
  const labels = asObject(at(object, 'metadata', 'labels')) ?? {};
  return (
    terms(query.get('labelSelector')).every((term) => holds(term, (key) => labels[key])) &&
    terms(query.get('fieldSelector')).every((term) =>
      // A field that is not there is as good as an empty one.
      holds(term, (path) => at(object, ...path.split('.')) ?? ''),
    )
  );
}

function terms(selector: string | null): string[] {
  return selector === null || selector === '' ? [] : selector.split(',');
}

/** One of `key`, `!key`, `key=value`, `key==value` and `key!=value`. */
function holds(term: string, read: (key: string) => unknown): boolean {
  const [, not, key = '', operator, value] = /^(!?)([^!=]+)(?:(!=|==?)(.*))?$/.exec(term) ?? [];
  if (key === '') throw new Error(`the fake does not understand the selector ${term}`);
  const is = read(key);
  if (operator === undefined) return (is !== undefined) === (not === '');
  return (is === value) === (operator !== '!=');
}

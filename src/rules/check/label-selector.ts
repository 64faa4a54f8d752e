import {
  asList,
  asObject,
  asStringMap,
  asText,
  type JsonObject,
  objectsOf,
} from '../../api/json.ts';

export type Labels = Readonly<Record<string, string>>;

/**
 * Whether a Kubernetes LabelSelector matches labels. An absent or empty one
 * matches everything; a requirement that is not understood matches nothing, as
 * no API server would store it.
 */
export function selectsLabels(selector: JsonObject | undefined, labels: Labels): boolean {
  const isEqual = Object.entries(asStringMap(selector?.['matchLabels'])).every(
    ([key, value]) => labels[key] === value,
  );
  return (
    isEqual && objectsOf(selector?.['matchExpressions']).every(({ item }) => holds(item, labels))
  );
}

/** Keys of the labels that a selector asks for. */
export function selectorKeys(selector: JsonObject | undefined): string[] {
  return [
    ...Object.keys(asObject(selector?.['matchLabels']) ?? {}),
    ...objectsOf(selector?.['matchExpressions']).map(({ item }) => asText(item['key']) ?? ''),
  ];
}

function holds({ key, operator, values }: JsonObject, labels: Labels): boolean {
  const value = typeof key === 'string' && Object.hasOwn(labels, key) ? labels[key] : undefined;
  const isListed = (asList(values) ?? []).some((one) => one === value);
  switch (operator) {
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed;
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

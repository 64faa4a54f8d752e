import { asList, asObject, type Json, type JsonObject, own } from '../../api/json.ts';
import { readQuantity } from '../proxy/quantity.ts';

/**
 * What would be applied of an object, as text that is the same for everything of
 * which the API server makes the same:
 *
 * - Neither the order of keys matters nor that of a list whose elements have names,
 *   because API servers give such lists back in another order.
 * - `apiVersion`, `kind` and the object's name and namespace say which object it
 *   is; no manager owns them.
 * - `false`, `0`, `""`, null, and lists and maps without members are one and the
 *   same, because Go leaves them out in some places and not in others. To lack the
 *   member is something else: what somebody took away has to come back.
 * - Lists and maps that managers share by key want nothing when they are empty.
 * - Resource quantities are compared by what they amount to.
 *
 * @param object JSON, which never contains itself
 */
export function canonicalForm(object: JsonObject): string {
  const parts: string[] = [];
  // What is left to write, last first. Iterative, so that no nesting depth overflows the stack.
  const left: (string | Placed)[] = [{ value: withoutIdentity(object), place: 'object' }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === 'string') parts.push(next);
    else for (const piece of unfold(next).reverse()) left.push(piece);
  }
  return parts.join('');
}

/** Where in the object a value is, as far as that decides how it is compared. */
type Place =
  | 'object'
  | 'spec'
  /** Of a Component: JSON of every shape, which is stored as it is, but for null. */
  | 'settings'
  /** A list that is owned as a whole, so that nobody tells what Go left out of it. */
  | 'tolerations'
  | 'resources'
  | 'quantities'
  | 'elsewhere';

interface Placed {
  readonly value: Json | undefined;
  readonly place: Place;
}

/**
 * Lists and maps of which every manager owns its own elements. An empty one says
 * nothing about those of others, and API servers do not even record who stated it.
 */
const sharedCollections: ReadonlySet<string> = new Set([
  ...['labels', 'annotations', 'finalizers', 'ownerReferences', 'data'],
  ...['containers', 'initContainers', 'volumes', 'imagePullSecrets', 'topologySpreadConstraints'],
  ...['env', 'ports', 'volumeMounts', 'requests', 'limits'],
]);

/** Splits a value into text and the values in it. */
function unfold({ value, place }: Placed): (string | Placed)[] {
  const list = asList(value);
  if (list !== undefined) {
    return ['[', ...byName(list).flatMap((element) => [{ value: element, place }, ',']), ']'];
  }
  const object = asObject(value);
  if (object === undefined) return [JSON.stringify(value ?? null)];
  const members = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort()
    .flatMap((key) => memberPieces(key, own(object, key), place));
  return ['{', ...members, '}'];
}

function memberPieces(key: string, value: Json | undefined, place: Place): (string | Placed)[] {
  const name = `${JSON.stringify(key)}:`;
  if (place === 'settings' && value === null) return [];
  if (place === 'tolerations' && (value === null || value === '')) return [];
  const amount = place === 'quantities' ? amountOf(value) : undefined;
  if (amount !== undefined) return [name, amount, ','];
  if (place !== 'settings' && isEmptyInGo(value)) {
    return typeof value === 'object' && sharedCollections.has(key) ? [] : [name, '~', ','];
  }
  return [name, { value, place: placeBelow(place, key, value) }, ','];
}

function placeBelow(place: Place, key: string, value: Json | undefined): Place {
  if (place === 'settings') return place;
  if (place === 'object' && key === 'spec') return 'spec';
  if (place === 'spec' && key === 'metadata' && asList(value) !== undefined) return 'settings';
  if (place === 'resources' && (key === 'requests' || key === 'limits')) return 'quantities';
  return key === 'resources' || key === 'tolerations' ? key : 'elsewhere';
}

function amountOf(value: Json | undefined): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  const quantity = typeof text === 'string' ? readQuantity(text) : undefined;
  return quantity === undefined ? undefined : `#${quantity.billionths}`;
}

function isEmptyInGo(value: Json | undefined): boolean {
  if (value === null || value === false || value === 0 || value === '') return true;
  const members = asList(value) ?? asObject(value);
  return members !== undefined && Object.values(members).every((one) => one === undefined);
}

/** Elements that all have a name of their own, by name; others in their order. */
function byName(list: readonly Json[]): readonly Json[] {
  const named = new Map<string, Json>();
  for (const element of list) {
    const name = own(asObject(element), 'name');
    if (typeof name !== 'string' || named.has(name)) return list;
    named.set(name, element);
  }
  return [...named.keys()].sort().map((name) => named.get(name) ?? null);
}

function withoutIdentity({ apiVersion, kind, metadata, ...rest }: JsonObject): JsonObject {
  const all = asObject(metadata);
  if (all === undefined) return metadata === undefined ? rest : { ...rest, metadata };
  const { name, namespace, ...owned } = all;
  return isEmptyInGo(owned) ? rest : { ...rest, metadata: owned };
}

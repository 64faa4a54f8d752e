import {
  asList,
  asObject,
  asText,
  at,
  type Json,
  type JsonObject,
  objectsOf,
  own,
  setOwn,
} from '../../api/json.ts';

/**
 * What of a live object a field manager owns: the values of the fields that its
 * last server-side apply stated and nobody changed since, as client-go's
 * `ExtractInto` reads them from `metadata.managedFields`. Undefined when the
 * manager never applied the object.
 *
 * Two things differ from client-go. A field that is owned but not in the object
 * is null: the API server leaves out what Go takes for empty (`false`, `""`, an
 * empty list), and only its owner shows that it was stated. And a map that was
 * applied empty stays empty when others put something into it.
 *
 * The result shares its values with the object.
 *
 * @param manager name of the field manager
 */
export function ownedFields(object: JsonObject, manager: string): JsonObject | undefined {
  const entries = objectsOf(at(object, 'metadata', 'managedFields')).map(({ item }) => item);
  const entry = entries.find((one) => isApplied(one, manager));
  const fields = asObject(own(entry, 'fieldsV1'));
  if (fields === undefined) return undefined;
  const others = entries
    .filter((one) => one !== entry)
    .map((one) => asObject(own(one, 'fieldsV1')))
    .filter((one) => one !== undefined);

  const owned: JsonObject = {};
  // Iterative, so that no nesting depth overflows the stack.
  const visits: Visit[] = membersOf({ fields, others, live: object }, owned);
  for (let visit = visits.pop(); visit !== undefined; visit = visits.pop()) {
    for (const next of extract(visit)) visits.push(next);
  }
  return owned;
}

/** A place in the object, and who owns what there. */
interface Visit {
  /** Ours, in the notation of FieldsV1; without members, the place itself and all below. */
  readonly fields: JsonObject;
  /** The same of everybody else. */
  readonly others: readonly JsonObject[];
  readonly live: Json | undefined;
  readonly put: (value: Json) => void;
}

function isApplied(entry: JsonObject, manager: string): boolean {
  return (
    own(entry, 'manager') === manager &&
    own(entry, 'operation') === 'Apply' &&
    asText(own(entry, 'subresource')) === undefined
  );
}

/** Puts what is owned at a place; returns the places below it that are still to be visited. */
function extract(visit: Visit): Visit[] {
  const { fields, others, live, put } = visit;
  if (!hasMembers(fields)) {
    // Where somebody else owns a part, it is no whole: we applied it without members.
    put(others.some(hasMembers) ? emptyLike(live) : (live ?? null));
    return [];
  }
  const list = asList(live);
  if (list !== undefined) {
    const owned: Json[] = [];
    put(owned);
    return elementsOf(visit, list, owned);
  }
  const owned: JsonObject = {};
  put(owned);
  return membersOf(visit, owned);
}

/** The members that are owned, `f:name` each. */
function membersOf({ fields, others, live }: Omit<Visit, 'put'>, owned: JsonObject): Visit[] {
  const object = asObject(live);
  return Object.keys(fields)
    .filter((key) => key.startsWith('f:'))
    .map((key) => {
      const name = key.slice('f:'.length);
      return {
        ...below(fields, others, key),
        live: own(object, name),
        put: (value) => setOwn(owned, name, value),
      };
    });
}

/** The elements that are owned, `k:{"name":"x"}` or `v:"x"` each, in the order of the list. */
function elementsOf({ fields, others }: Visit, list: readonly Json[], owned: Json[]): Visit[] {
  const ownedElements = readElementKeys(fields);
  const visits: Visit[] = [];
  for (const live of list) {
    const key = ownedElements.keyOf(live);
    if (key === undefined) continue;
    const index = owned.push(null) - 1;
    visits.push({
      ...below(fields, others, key),
      live,
      put: (value) => {
        owned[index] = value;
      },
    });
  }
  return visits;
}

function below(
  fields: JsonObject,
  others: readonly JsonObject[],
  key: string,
): Pick<Visit, 'fields' | 'others'> {
  return {
    fields: asObject(own(fields, key)) ?? {},
    others: others.map((one) => asObject(own(one, key))).filter((one) => one !== undefined),
  };
}

/** Finds the key under which `fields` owns an element of a list. */
function readElementKeys(fields: JsonObject): { keyOf(element: Json): string | undefined } {
  const names = new Set<string>();
  const keys = new Map<string, string>();
  for (const key of Object.keys(fields)) {
    const value = parse(key.slice('k:'.length));
    const identity = asObject(value);
    if (key.startsWith('v:') && isScalar(value)) keys.set(scalarText(value), key);
    if (!key.startsWith('k:') || identity === undefined) continue;
    for (const name of Object.keys(identity)) names.add(name);
    keys.set(identityText(identity, names), key);
  }
  return {
    keyOf: (element) => {
      const object = asObject(element);
      if (object !== undefined) return keys.get(identityText(object, names));
      return isScalar(element) ? keys.get(scalarText(element)) : undefined;
    },
  };
}

/** The members that tell an element from the others; one that it lacks belongs to its identity, too. */
function identityText(element: JsonObject, names: ReadonlySet<string>): string {
  const identity = Object.entries(element)
    .filter(([name, value]) => names.has(name) && isScalar(value) && value !== null)
    .sort(([one], [two]) => (one < two ? -1 : 1));
  return `k:${JSON.stringify(identity)}`;
}

type Scalar = null | boolean | number | string;

function scalarText(value: Scalar): string {
  return `v:${JSON.stringify(value)}`;
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** Undefined for what is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hasMembers(fields: JsonObject): boolean {
  return Object.keys(fields).some((key) => key !== '.');
}

function emptyLike(value: Json | undefined): Json {
  if (asList(value) !== undefined) return [];
  return asObject(value) === undefined ? (value ?? null) : {};
}

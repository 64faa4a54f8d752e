import { asObject, asText, at, type JsonObject } from '../../../src/api/json.ts';

/** A change, as a watch of everything tells of it. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly plural: string;
  readonly object: JsonObject;
  /** The object as it was; undefined for one that was not there. */
  readonly before: JsonObject | undefined;
  readonly version: number;
}

/** The storage behind a fake API server: objects, one counter of versions, and what happened. */
export class FakeObjects {
  readonly #objects = new Map<string, Map<string, JsonObject>>();
  #changes: Change[] = [];
  #version = 100;
  #oldestVersion = 0;
  #uids = 0;
  /** Called for every change. */
  onChange: (change: Change) => void = () => undefined;

  /** The version of everything. */
  get version(): number {
    return this.#version;
  }

  /** Moves on as if something happened elsewhere. */
  advance(): number {
    this.#version += 1;
    return this.#version;
  }

  /** Makes an object, or makes it anew with what it is given; one that is there stays who it is. */
  put(plural: string, namespace: string, name: string, content: JsonObject): JsonObject {
    const objects = this.#of(plural);
    const key = `${namespace}/${name}`;
    const before = objects.get(key);
    const metadata = {
      uid: at(before, 'metadata', 'uid') ?? this.#newUid(),
      creationTimestamp: at(before, 'metadata', 'creationTimestamp') ?? '2026-01-01T00:00:00Z',
      ...asObject(content['metadata']),
      namespace,
      name,
    };
    const type = before === undefined ? 'ADDED' : 'MODIFIED';
    const recorded = this.#record(type, plural, { ...content, metadata }, before);
    objects.set(key, recorded);
    return recorded;
  }

  remove(plural: string, namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const object = this.get(plural, key);
    if (object === undefined) throw new Error(`there is no ${plural} ${key}`);
    this.#of(plural).delete(key);
    this.#record('DELETED', plural, object, object);
  }

  /** @param key namespace and name with a slash between them */
  get(plural: string, key: string): JsonObject | undefined {
    return this.#of(plural).get(key);
  }

  list(plural: string, namespace: string | undefined): JsonObject[] {
    const all = [...this.#of(plural).values()];
    return all.filter((object) => namespace === undefined || namespaceOf(object) === namespace);
  }

  /** What happened after a version; undefined when nobody knows any more. */
  since(version: number): readonly Change[] | undefined {
    if (version < this.#oldestVersion) return undefined;
    return this.#changes.filter((change) => change.version > version);
  }

  /** Forgets what led to the present state. */
  expireHistory(): void {
    this.#changes = [];
    this.#oldestVersion = this.#version;
  }

  #of(plural: string): Map<string, JsonObject> {
    const objects = this.#objects.get(plural) ?? new Map<string, JsonObject>();
    this.#objects.set(plural, objects);
    return objects;
  }

  #newUid(): string {
    this.#uids += 1;
    return `uid-${this.#uids}`;
  }

  #record(
    type: Change['type'],
    plural: string,
    object: JsonObject,
    before: JsonObject | undefined,
  ): JsonObject {
    const version = this.advance();
    const metadata = { ...asObject(object['metadata']), resourceVersion: String(version) };
    const recorded = { ...object, metadata };
    const change = { type, plural, object: recorded, before, version };
    this.#changes.push(change);
    this.onChange(change);
    return recorded;
  }
}

export function namespaceOf(object: JsonObject): string | undefined {
  return asText(at(object, 'metadata', 'namespace'));
}

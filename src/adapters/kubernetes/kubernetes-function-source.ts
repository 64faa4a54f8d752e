import type { FunctionSource } from '../../admission/function-source.ts';
import { type ComponentModel, readComponent } from '../../api/component.ts';
import { type FunctionModel, readFunction } from '../../api/function.ts';
import { type JsonObject, jsonEquals } from '../../api/json.ts';
import { componentApiVersion, functionGroup, functionVersions } from '../../api/keys.ts';
import { readServing, type ServingReference } from '../../api/serving.ts';
import type { ComponentLookup } from '../../rules/context/component-lookup.ts';
import { ObjectIndex, type Table } from '../store/object-index.ts';
import { ApiError } from './api-error.ts';
import { isObjectName, objectPath, resourceName, splitApiVersion } from './api-resource.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import { type FollowerTimings, ResourceFollower } from './resource-follower.ts';
import type { VersionedResource } from './served-version.ts';

export interface KubernetesFunctionSourceOptions {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'getLines'>;
  /** All namespaces when absent. */
  readonly namespace?: string | undefined;
  /** Trouble with the API server; the same trouble is told once in some minutes. */
  readonly onError: (error: ApiError) => void;
  /** A resource is used in another version than before; undefined when it is not installed. */
  readonly onVersion?: ((resource: string, version: string | undefined) => void) | undefined;
  readonly timings?: Partial<FollowerTimings> | undefined;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: (() => number) | undefined;
}

/** Something in the memory changed; without items, anything may have. */
export type SourceChange =
  | { readonly resource: 'all' }
  | { readonly resource: 'functions'; readonly items: readonly FunctionModel[] }
  | { readonly resource: 'servings'; readonly items: readonly ServingReference[] }
  | { readonly resource: 'components'; readonly items: readonly ComponentModel[] };

/** How long nothing was heard about a resource. */
export interface Staleness {
  readonly resource: string;
  readonly seconds: number;
}

const functions: VersionedResource = {
  group: functionGroup,
  versions: functionVersions,
  plural: 'functions',
  kind: 'Function',
};
const servings: VersionedResource = { ...functions, plural: 'servings', kind: 'Serving' };
const component = splitApiVersion(componentApiVersion);
const components: VersionedResource = {
  group: component.group,
  versions: [component.version],
  plural: 'components',
  kind: 'Component',
};

/**
 * Functions, Servings and Components of a cluster, kept in memory by following
 * its API server. None of them has to be installed. The connection stays the
 * caller's to close.
 */
export class KubernetesFunctionSource implements FunctionSource {
  readonly #options: KubernetesFunctionSourceOptions;
  readonly #index = new ObjectIndex();
  readonly #functions: ResourceFollower<FunctionModel>;
  readonly #servings: ResourceFollower<ServingReference>;
  readonly #components: ResourceFollower<ComponentModel>;
  readonly #listeners = new Set<(change: SourceChange) => void>();
  readonly #stop = new AbortController();
  #stopped: Promise<unknown> = Promise.resolve();

  constructor(options: KubernetesFunctionSourceOptions) {
    this.#options = options;
    const tables = this.#index;
    this.#functions = this.#follower(functions, tables.functions, readFunction, (items) => {
      this.#tell({ resource: 'functions', items });
    });
    this.#servings = this.#follower(servings, tables.servings, readServing, (items) => {
      this.#tell({ resource: 'servings', items });
    });
    this.#components = this.#follower(components, tables.components, readComponent, (items) => {
      this.#tell({ resource: 'components', items });
    });
  }

  /** Begins to follow; returns at once. */
  start(): void {
    const { signal } = this.#stop;
    this.#stopped = Promise.all(this.#followers.map(({ follower }) => follower.run(signal)));
  }

  /** Stops for good; resolves when every watch is closed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#stopped;
  }

  /** Whether each resource was listed once, or is known not to be installed. */
  isSynced(): boolean {
    return this.missing().length === 0;
  }

  /** The resources of which nothing is known yet. */
  missing(): string[] {
    return this.#followers
      .filter(({ follower }) => !follower.isSynced)
      .map(({ resource }) => resourceName(resource));
  }

  /** How long nothing was heard, for each resource. */
  staleness(): Staleness[] {
    return this.#followers.map(({ resource, follower }) => ({
      resource: resourceName(resource),
      seconds: follower.staleMs() / 1000,
    }));
  }

  /**
   * Calls a listener after every change of what is kept, with the item as it was
   * and as it is, as far as there is one. Returns what ends that.
   */
  subscribe(listener: (change: SourceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Whether the API server has Dapr's Components. */
  get componentsAreServed(): boolean {
    return this.#components.isServed;
  }

  functions(): Iterable<FunctionModel> {
    return this.#index.functions.values();
  }

  function(namespace: string, name: string): FunctionModel | undefined {
    return this.#index.function(namespace, name);
  }

  serving(namespace: string, name: string): ServingReference | undefined {
    return this.#index.serving(namespace, name);
  }

  servingsOf(namespace: string, functionName: string): readonly string[] {
    return this.#index.servingsOf(namespace, functionName);
  }

  components(namespace: string): ComponentLookup {
    return this.#index.componentLookup(namespace);
  }

  waitFor<Found>(find: () => Found | undefined, timeoutMs: number): Promise<Found | undefined> {
    return this.#index.waitFor(find, timeoutMs);
  }

  async readFunction(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<FunctionModel | undefined> {
    const object = await this.#readObject(functions, this.#functions, namespace, name, signal);
    return object === undefined ? undefined : readFunction(object, namespace);
  }

  async readServing(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<ServingReference | undefined> {
    const object = await this.#readObject(servings, this.#servings, namespace, name, signal);
    return object === undefined ? undefined : readServing(object, namespace);
  }

  get #followers() {
    return [
      { resource: functions, follower: this.#functions },
      { resource: servings, follower: this.#servings },
      { resource: components, follower: this.#components },
    ];
  }

  #follower<Item extends { readonly namespace: string; readonly name: string }>(
    resource: VersionedResource,
    table: Table<Item>,
    read: (object: JsonObject, namespace: string) => Item | undefined,
    onChange: (items: readonly Item[]) => void,
  ): ResourceFollower<Item> {
    const { connection, namespace, onError, onVersion, timings, now } = this.#options;
    return new ResourceFollower<Item>({
      connection,
      resource,
      namespace,
      metadataOnly: resource === servings,
      read: (object) => read(object, ''),
      onReplace: (items) => {
        const before = [...table.values()];
        table.replace(items);
        this.#tell({ resource: 'all' });
        // Nobody who goes through all there is comes across these.
        const gone = before.filter((one) => table.get(one.namespace, one.name) === undefined);
        if (gone.length > 0) onChange(gone);
      },
      onUpsert: (item) => {
        const before = table.get(item.namespace, item.name);
        table.set(item);
        if (before === undefined) onChange([item]);
        // Most changes are of the status, which nobody here looks at. The one Map in a Function's
        // model compares as nothing, and follows from a list beside it.
        else if (!jsonEquals(before, item)) onChange([before, item]);
      },
      onDelete: (itemNamespace, name) => {
        const before = table.get(itemNamespace, name);
        table.delete(itemNamespace, name);
        if (before !== undefined) onChange([before]);
      },
      onError,
      onVersion: (version) => onVersion?.(resourceName(resource), version),
      timings,
      now,
    });
  }

  #tell(change: SourceChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  /** One object, past the memory: in the version in use, or in each one while that is unknown. */
  async #readObject(
    resource: VersionedResource,
    follower: { readonly version: string | undefined },
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<JsonObject | undefined> {
    if (!isObjectName(namespace) || !isObjectName(name)) return undefined;
    const versions = follower.version === undefined ? resource.versions : [follower.version];
    for (const version of versions) {
      const path = objectPath({ ...resource, version }, namespace, name);
      try {
        return await this.#options.connection.getJson(path, { signal });
      } catch (error) {
        const isMissing = error instanceof ApiError && error.kind === 'not-found';
        if (!isMissing) throw error;
      }
    }
    return undefined;
  }
}

import type { FunctionSource } from '../../admission/function-source.ts';
import { type ComponentModel, readComponent } from '../../api/component.ts';
import { type FunctionModel, readFunction } from '../../api/function.ts';
import type { JsonObject } from '../../api/json.ts';
import { componentApiVersion, functionGroup, functionVersions } from '../../api/keys.ts';
import { readServing, type ServingReference } from '../../api/serving.ts';
import type { ComponentLookup } from '../../rules/context/component-lookup.ts';
import { ObjectIndex, type Table } from '../store/object-index.ts';
import { ApiError } from './api-error.ts';
import { isObjectName, objectPath, resourceName } from './api-resource.ts';
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
const [componentGroup = '', ...componentVersions] = componentApiVersion.split('/');
const components: VersionedResource = {
  group: componentGroup,
  versions: componentVersions,
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
  readonly #stop = new AbortController();
  #stopped: Promise<unknown> = Promise.resolve();

  constructor(options: KubernetesFunctionSourceOptions) {
    this.#options = options;
    this.#functions = this.#follower(functions, this.#index.functions, readFunction);
    this.#servings = this.#follower(servings, this.#index.servings, readServing, true);
    this.#components = this.#follower(components, this.#index.components, readComponent);
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
    metadataOnly = false,
  ): ResourceFollower<Item> {
    const { connection, namespace, onError, onVersion, timings, now } = this.#options;
    return new ResourceFollower<Item>({
      connection,
      resource,
      namespace,
      metadataOnly,
      read: (object) => read(object, ''),
      onReplace: (items) => table.replace(items),
      onUpsert: (item) => table.set(item),
      onDelete: (itemNamespace, name) => table.delete(itemNamespace, name),
      onError,
      onVersion: (version) => onVersion?.(resourceName(resource), version),
      timings,
      now,
    });
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

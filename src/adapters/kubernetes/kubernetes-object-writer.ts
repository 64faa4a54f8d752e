import type { JsonObject } from '../../api/json.ts';
import { projectName } from '../../api/keys.ts';
import type { ApplicableObject, ObjectWriter } from '../../controller/cluster-view.ts';
import type { ManagedKind } from '../../rules/reconcile/managed-kinds.ts';
import { type ObservedObject, readObservedObject } from '../../rules/reconcile/observed-object.ts';
import { portReplacement } from '../../rules/reconcile/port-replacement.ts';
import { ApiError } from './api-error.ts';
import { apiVersionOf, collectionPath, objectPath } from './api-resource.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import { listPages } from './list-pages.ts';
import { managedResource } from './managed-resources.ts';
import { sendWithin } from './send-within.ts';

/** Longer than any API server takes that is not in trouble. */
const answerTimeoutMs = 10_000;

const metadataOnly =
  'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const metadataListOnly =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

export interface KubernetesObjectWriterOptions {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'changeJson'>;
  /** Told what the API server made of each write, before any watch says so. */
  readonly onWritten: (observed: ObservedObject) => void;
  readonly onDeleted: (observed: ObservedObject) => void;
  /** Told of each request that changed something. */
  readonly onRequest: (kind: ManagedKind, verb: string) => void;
}

/** Writes objects by server-side apply, as the one field manager of this project. */
export class KubernetesObjectWriter implements ObjectWriter {
  readonly #options: KubernetesObjectWriterOptions;

  constructor(options: KubernetesObjectWriterOptions) {
    this.#options = options;
  }

  async find(
    kind: ManagedKind,
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<ObservedObject | undefined> {
    const object =
      kind === 'Secret'
        ? await this.#findInList(kind, namespace, name, signal)
        : await this.#get(kind, namespace, name, signal);
    // Of fields of which only the owner is known, no fingerprint can be made.
    return object && { ...readWritten(kind, object), fingerprint: undefined };
  }

  async apply(
    applicable: ApplicableObject,
    force: boolean,
    signal: AbortSignal,
  ): Promise<ObservedObject> {
    const { kind, namespace, name } = applicable;
    return this.#request('patch', kind, namespace, name, signal, async (within) => {
      try {
        return await this.#apply(applicable, force, within);
      } catch (error) {
        const isMended =
          force && isPortClash(error) && (await this.#replacePorts(applicable, within));
        if (!isMended) throw error;
        return this.#apply(applicable, force, within);
      }
    });
  }

  async create(
    { kind, namespace, name, object }: ApplicableObject,
    signal: AbortSignal,
  ): Promise<ObservedObject | undefined> {
    return this.#request('create', kind, namespace, name, signal, async (within) => {
      try {
        const answer = await this.#options.connection.changeJson(
          collectionPath(managedResource(kind), namespace),
          {
            method: 'POST',
            query: { fieldManager: projectName },
            // What was made is in the answer, and nobody here needs to hold it.
            accept: metadataOnly,
            body: object,
            signal: within,
          },
        );
        return this.#written(kind, 'create', answer);
      } catch (error) {
        if (error instanceof ApiError && error.status === 409) return undefined;
        throw error;
      }
    });
  }

  async delete(observed: ObservedObject, signal: AbortSignal): Promise<void> {
    const { kind, namespace, name, uid } = observed;
    await this.#request('delete', kind, namespace, name, signal, async (within) => {
      try {
        await this.#options.connection.changeJson(
          objectPath(managedResource(kind), namespace, name),
          {
            method: 'DELETE',
            accept: metadataOnly,
            body: {
              apiVersion: 'v1',
              kind: 'DeleteOptions',
              // A successor of the same name is another object, and maybe somebody else's.
              preconditions: { uid },
              propagationPolicy: 'Background',
            },
            signal: within,
          },
        );
        this.#options.onRequest(kind, 'delete');
      } catch (error) {
        const isGone =
          error instanceof ApiError && (error.kind === 'not-found' || error.status === 409);
        if (!isGone) throw error;
      }
      this.#options.onDeleted(observed);
    });
  }

  #get(
    kind: ManagedKind,
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<JsonObject | undefined> {
    return this.#request('get', kind, namespace, name, signal, async (within) => {
      try {
        const path = objectPath(managedResource(kind), namespace, name);
        const { connection } = this.#options;
        return await connection.getJson(path, { accept: metadataOnly, signal: within });
      } catch (error) {
        if (error instanceof ApiError && error.kind === 'not-found') return undefined;
        throw error;
      }
    });
  }

  /** The right to follow Secrets is enough for this. */
  #findInList(
    kind: ManagedKind,
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<JsonObject | undefined> {
    return this.#request('list', kind, namespace, name, signal, async (within) => {
      const pages = listPages(
        this.#options.connection,
        collectionPath(managedResource(kind), namespace),
        {
          accept: metadataListOnly,
          query: { fieldSelector: `metadata.name=${name}` },
          signal: within,
        },
      );
      for await (const { objects } of pages) {
        const [found] = objects;
        if (found !== undefined) return found;
      }
      return undefined;
    });
  }

  async #apply(
    { kind, namespace, name, object }: ApplicableObject,
    force: boolean,
    signal: AbortSignal,
  ): Promise<ObservedObject> {
    const path = objectPath(managedResource(kind), namespace, name);
    const answer = await this.#options.connection.changeJson(path, {
      method: 'PATCH',
      // JSON is YAML as well.
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager: projectName, force: String(force) },
      body: object,
      signal,
    });
    return this.#written(kind, 'apply', answer);
  }

  /** Makes room for ports whose numbers somebody changed; false when there are none. */
  async #replacePorts(
    { kind, namespace, name, object }: ApplicableObject,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { connection, onRequest } = this.#options;
    const path = objectPath(managedResource(kind), namespace, name);
    const live = await connection.getJson(path, { signal });
    const patch = portReplacement(live, object);
    if (patch.length === 0) return false;
    await connection.changeJson(path, {
      method: 'PATCH',
      contentType: 'application/json-patch+json',
      query: { fieldManager: projectName },
      accept: metadataOnly,
      body: patch.map((operation) => ({ ...operation })),
      signal,
    });
    onRequest(kind, 'patch');
    return true;
  }

  #written(kind: ManagedKind, verb: string, answer: JsonObject): ObservedObject {
    const observed = readWritten(kind, answer);
    this.#options.onRequest(kind, verb);
    this.#options.onWritten(observed);
    return observed;
  }

  #request<Result>(
    verb: 'get' | 'list' | 'create' | 'patch' | 'delete',
    kind: ManagedKind,
    namespace: string,
    name: string,
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const request = { verb, resource: managedResource(kind), namespace, name };
    return sendWithin(answerTimeoutMs, request, signal, send);
  }
}

/** Whether an object is refused because one of its ports would be there twice. */
function isPortClash(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.status === 422 &&
    /\bports\[\d+\]\S*: Duplicate value/.test(error.message)
  );
}

/** Metadata alone says that it is metadata, and not of what. */
function readWritten(kind: ManagedKind, object: JsonObject): ObservedObject {
  const resource = managedResource(kind);
  const observed = readObservedObject({ ...object, apiVersion: apiVersionOf(resource), kind });
  if (observed === undefined) throw new ApiError('malformed', 'the answer is no object');
  return observed;
}

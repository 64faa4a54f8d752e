import { asText, type JsonObject, objectsOf } from '../../api/json.ts';
import { found, type LookedUp, type Right } from '../../rules/check/looked-up.ts';
import type { Trial } from '../../rules/check/trial.ts';
import { ApiError, asApiError } from './api-error.ts';
import {
  type ApiResource,
  apiVersionOf,
  collectionPath,
  objectPath,
  versionPath,
} from './api-resource.ts';
import { describeFailure } from './describe-failure.ts';
import type { GetOptions, KubernetesConnection } from './kubernetes-connection.ts';
import { listPages } from './list-pages.ts';

/** How long to wait for an answer. */
export interface LookUpTimeouts {
  /** Enough for an API server that is slow, and not for one that hangs. */
  readonly answerMs: number;
  /** For all pages of a list, which in a large cluster are many. */
  readonly listMs: number;
  /** A dry run waits for webhooks, one after another, each of them up to 30 s and mostly 5 s. */
  readonly trialMs: number;
}

const defaultTimeouts: LookUpTimeouts = { answerMs: 15_000, listMs: 60_000, trialMs: 60_000 };

const metadataOnly =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** Which objects to list. */
export interface Listing {
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labels?: string;
  readonly fields?: string;
  /** Asks for `metadata` alone. */
  readonly isMetadataOnly?: boolean;
  /** Whether objects of the resource are in no namespace. */
  readonly isClusterWide?: boolean;
}

/**
 * Looks at a cluster once, with nothing thrown: what may not be seen, or cannot,
 * is an answer as well.
 */
export class ClusterLookUp {
  readonly #connection: Pick<KubernetesConnection, 'getJson' | 'changeJson'>;
  readonly #timeouts: LookUpTimeouts;

  constructor(
    connection: Pick<KubernetesConnection, 'getJson' | 'changeJson'>,
    timeouts: LookUpTimeouts = defaultTimeouts,
  ) {
    this.#connection = connection;
    this.#timeouts = timeouts;
  }

  /**
   * The API server's own version, where it tells.
   *
   * @throws ApiError when there is no API server to talk to
   */
  async version(): Promise<LookedUp<string>> {
    try {
      const answer = await this.#connection.getJson('/version', within(this.#timeouts.answerMs));
      return found(asText(answer['gitVersion']) ?? 'of an unknown version');
    } catch (thrown) {
      const error = errorOf(thrown);
      if (error.kind !== 'forbidden') throw error;
      return { kind: 'failed', problem: error.message };
    }
  }

  /** Those of some versions in which a resource is served; everybody may see that. */
  async servedVersions(
    group: string,
    versions: readonly string[],
    plural: string,
  ): Promise<LookedUp<readonly string[]>> {
    const served: string[] = [];
    for (const version of versions) {
      const path = versionPath({ group, version });
      const list = await this.#answer({ ...asked('discover', group, plural) }, () =>
        this.#connection.getJson(path, within(this.#timeouts.answerMs)),
      );
      if (list.kind !== 'found') return list;
      const names = objectsOf(list.value?.['resources']).map(({ item }) => item['name']);
      if (names.includes(plural)) served.push(version);
    }
    return found(served);
  }

  /** One object; undefined where it is not there. */
  get(
    resource: ApiResource,
    namespace: string,
    name: string,
  ): Promise<LookedUp<JsonObject | undefined>> {
    const right = { ...asked('get', resource.group, resource.plural, namespace), name };
    return this.#answer(right, () =>
      this.#connection.getJson(
        objectPath(resource, namespace, name),
        within(this.#timeouts.answerMs),
      ),
    );
  }

  /** Every object that a listing selects; none where the resource is not served. */
  async list(resource: ApiResource, listing: Listing = {}): Promise<LookedUp<JsonObject[]>> {
    const { namespace, labels, fields, isMetadataOnly = false, isClusterWide = false } = listing;
    const right = { ...asked('list', resource.group, resource.plural, namespace), isClusterWide };
    const listed = await this.#answer(right, async () => {
      const objects: JsonObject[] = [];
      const pages = listPages(this.#connection, collectionPath(resource, namespace), {
        ...within(this.#timeouts.listMs),
        ...(isMetadataOnly ? { accept: metadataOnly } : {}),
        query: {
          ...(labels === undefined ? {} : { labelSelector: labels }),
          ...(fields === undefined ? {} : { fieldSelector: fields }),
        },
      });
      // The members of a list do not say what they are.
      const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
      for await (const { objects: page } of pages) {
        objects.push(...page.map((object) => ({ ...object, ...type })));
      }
      return objects;
    });
    return listed.kind === 'found' ? found(listed.value ?? []) : listed;
  }

  /** What would come of creating an object; nothing is stored. */
  async tryToCreate(
    resource: ApiResource,
    namespace: string,
    object: JsonObject,
  ): Promise<LookedUp<Trial>> {
    try {
      const path = collectionPath(resource, namespace);
      const made = await this.#connection.changeJson(path, {
        ...within(this.#timeouts.trialMs),
        method: 'POST',
        body: object,
        query: { dryRun: 'All' },
      });
      return found({ kind: 'accepted', object: made });
    } catch (thrown) {
      const error = errorOf(thrown);
      if (describeFailure('create', resource, namespace, error).kind === 'forbidden') {
        const right = asked('create', resource.group, resource.plural, namespace);
        return { kind: 'forbidden', right };
      }
      // An API server that answers at all says what is in the way.
      return error.status === undefined
        ? { kind: 'failed', problem: error.message }
        : found({ kind: 'refused', message: error.message });
    }
  }

  /** Asks an API server a question by an object that it answers and does not store. */
  async ask(resource: ApiResource, object: JsonObject): Promise<LookedUp<JsonObject>> {
    const right = { ...asked('create', resource.group, resource.plural), isClusterWide: true };
    const answer = await this.#answer(right, () =>
      this.#connection.changeJson(collectionPath(resource), {
        ...within(this.#timeouts.answerMs),
        method: 'POST',
        body: object,
      }),
    );
    if (answer.kind !== 'found') return answer;
    return answer.value === undefined
      ? { kind: 'failed', problem: `${resource.plural} are not served` }
      : found(answer.value);
  }

  /** What an API server says; undefined where it knows of nothing there. */
  async #answer<Value>(
    right: Right,
    request: () => Promise<Value>,
  ): Promise<LookedUp<Value | undefined>> {
    try {
      return found(await request());
    } catch (thrown) {
      const error = errorOf(thrown);
      if (error.kind === 'not-found') return found(undefined);
      return error.kind === 'forbidden'
        ? { kind: 'forbidden', right }
        : { kind: 'failed', problem: error.message };
    }
  }
}

function asked(verb: string, group: string, plural: string, namespace?: string): Right {
  return { verb, group, resource: plural, namespace };
}

function within(timeoutMs: number): Pick<GetOptions, 'signal'> {
  return { signal: AbortSignal.timeout(timeoutMs) };
}

function errorOf(thrown: unknown): ApiError {
  return thrown instanceof DOMException && thrown.name === 'TimeoutError'
    ? new ApiError('timeout', 'no answer in time')
    : asApiError(thrown);
}

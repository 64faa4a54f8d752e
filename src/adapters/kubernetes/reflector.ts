import { asText, at, type JsonObject } from '../../api/json.ts';
import { pause } from '../pause.ts';
import { type ApiError, asApiError } from './api-error.ts';
import { type ApiResource, apiVersionOf, collectionPath } from './api-resource.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import { Deadline } from './deadline.ts';
import { describeFailure } from './describe-failure.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import { listPages } from './list-pages.ts';
import { isRoutine, nextStep, type Outcome } from './next-step.ts';
import { RecentCauses } from './recent-causes.ts';
import { readWatchEvent, type WatchEvent } from './watch-event.ts';

/** When a reflector loses patience. */
export interface ReflectorTimings {
  /** For one page of a list, and for a watch to begin. */
  readonly answerTimeoutMs: number;
  /** API servers send a bookmark about once a minute; a watch that says nothing for longer is taken for dead. */
  readonly idleTimeoutMs: number;
  /** Watches end after a random time between this and twice this, so that they do not all end at once. */
  readonly watchSeconds: number;
  /** Kept short: after an API server comes back, everything is known again within 5 s. */
  readonly backoff: Backoff;
}

export const defaultReflectorTimings: ReflectorTimings = {
  answerTimeoutMs: 30_000,
  idleTimeoutMs: 150_000,
  watchSeconds: 300,
  backoff: { firstMs: 200, maxMs: 2_500 },
};

/** What an API server tells objects apart by; both as `kubectl` writes them. */
export interface ObjectSelector {
  readonly labels?: string;
  readonly fields?: string;
}

export interface ReflectorOptions<Item> {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'getLines'>;
  readonly resource: ApiResource;
  /** All namespaces when absent. */
  readonly namespace?: string | undefined;
  /** Which objects; all of them when absent. An object that ceases to match counts as deleted. */
  readonly selector?: ObjectSelector | undefined;
  /** Asks for `metadata` alone. An API server that cannot do so sends everything. */
  readonly metadataOnly?: boolean;
  /** Turns an object into what is kept of it; undefined keeps nothing. The object itself is let go. */
  readonly read: (object: JsonObject) => Item | undefined;
  /** All items there are, after a list. */
  readonly onReplace: (items: Item[]) => void;
  readonly onUpsert: (item: Item) => void;
  /** @param uid tells it from a successor of the same name */
  readonly onDelete: (namespace: string, name: string, uid: string) => void;
  /** Called once for the same trouble, and again when it is still there minutes later. */
  readonly onError: (error: ApiError) => void;
  readonly timings?: Partial<ReflectorTimings> | undefined;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: (() => number) | undefined;
  /** In [0, 1). */
  readonly random?: (() => number) | undefined;
}

/**
 * Keeps up with one resource: lists it, then watches what changes, for as long as
 * it is told to. Failures are retried without end, and never thrown.
 */
export class Reflector<Item> {
  readonly #options: ReflectorOptions<Item>;
  readonly #timings: ReflectorTimings;
  readonly #path: string;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #reported = new RecentCauses();
  /** Where the next watch begins. */
  #version = '';
  #listedAtMs: number | undefined;
  #heardAtMs: number;
  /** Whether the last failure was that nobody answered. */
  #wasUnreachable = false;

  constructor(options: ReflectorOptions<Item>) {
    this.#options = options;
    this.#timings = { ...defaultReflectorTimings, ...options.timings };
    this.#path = collectionPath(options.resource, options.namespace);
    this.#now = options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#heardAtMs = this.#now();
  }

  /** Whether there was a list yet. */
  get isSynced(): boolean {
    return this.#listedAtMs !== undefined;
  }

  /** How long nothing was heard about the resource, or how long it has been waited for. */
  staleMs(): number {
    return this.#now() - this.#heardAtMs;
  }

  /**
   * Works until the signal aborts, or until the API server does not serve the
   * resource. When it resolves, everything is closed.
   */
  async run(signal: AbortSignal): Promise<'stopped' | 'not served'> {
    let next: 'list' | 'watch' = 'list';
    let failures = 0;
    while (!signal.aborted) {
      const outcome = next === 'list' ? await this.#list(signal) : await this.#watch(signal);
      if (signal.aborted) break;
      const step = nextStep(outcome, failures);
      if (step.next === 'end') return 'not served';
      ({ next, failures } = { next: step.next, failures: step.failures });
      if (outcome.kind === 'listed') continue;
      const delayMs = backoffMs(this.#timings.backoff, failures, this.#random());
      await pause(Math.max(delayMs, step.leastDelayMs), signal);
    }
    return 'stopped';
  }

  async #list(signal: AbortSignal): Promise<Outcome> {
    const { connection, metadataOnly, read, onReplace } = this.#options;
    const deadline = new Deadline(signal, this.#timings.answerTimeoutMs);
    const accept = acceptHeader(metadataOnly, 'PartialObjectMetadataList');
    try {
      const items: Item[] = [];
      for await (const page of listPages(connection, this.#path, {
        accept,
        query: this.#selection,
        signal: deadline.signal,
      })) {
        deadline.restart(this.#timings.answerTimeoutMs);
        this.#heardAtMs = this.#now();
        for (const object of page.objects) {
          const item = read(this.#named(object));
          if (item !== undefined) items.push(item);
        }
        this.#version = page.version;
      }
      onReplace(items);
      this.#listedAtMs = this.#now();
      return { kind: 'listed' };
    } catch (thrown) {
      return this.#failed('list', thrown, 0, signal);
    } finally {
      deadline.end();
    }
  }

  async #watch(signal: AbortSignal): Promise<Outcome> {
    const { answerTimeoutMs, idleTimeoutMs, watchSeconds } = this.#timings;
    const deadline = new Deadline(signal, answerTimeoutMs);
    let openedAtMs: number | undefined;
    const openMs = (): number => (openedAtMs === undefined ? 0 : this.#now() - openedAtMs);
    try {
      const lines = await this.#options.connection.getLines(this.#path, {
        accept: acceptHeader(this.#options.metadataOnly, 'PartialObjectMetadata'),
        query: {
          ...this.#selection,
          watch: 'true',
          allowWatchBookmarks: 'true',
          resourceVersion: this.#version,
          timeoutSeconds: String(Math.round(watchSeconds * (1 + this.#random()))),
        },
        signal: deadline.signal,
      });
      openedAtMs = this.#now();
      this.#heardAtMs = openedAtMs;
      deadline.restart(idleTimeoutMs);
      for await (const line of lines) {
        this.#apply(readWatchEvent(line));
        this.#heardAtMs = this.#now();
        deadline.restart(idleTimeoutMs);
      }
      this.#heardAtMs = this.#now();
      const listedBeforeMs = this.#now() - (this.#listedAtMs ?? 0);
      return { kind: 'closed', openMs: openMs(), listedBeforeMs };
    } catch (thrown) {
      return this.#failed('watch', thrown, openMs(), signal);
    } finally {
      deadline.end();
    }
  }

  get #selection(): Record<string, string> {
    const { labels, fields } = this.#options.selector ?? {};
    return {
      ...(labels === undefined ? {} : { labelSelector: labels }),
      ...(fields === undefined ? {} : { fieldSelector: fields }),
    };
  }

  #apply(event: WatchEvent): void {
    if (event.type === 'error') throw event.error;
    if (event.type !== 'bookmark') {
      const item =
        event.type === 'upsert' ? this.#options.read(this.#named(event.object)) : undefined;
      if (item === undefined) this.#delete(event.object);
      else this.#options.onUpsert(item);
    }
    this.#version = event.version;
  }

  #delete(object: JsonObject): void {
    const name = asText(at(object, 'metadata', 'name'));
    if (name === undefined) return;
    const namespace = asText(at(object, 'metadata', 'namespace')) ?? '';
    this.#options.onDelete(namespace, name, asText(at(object, 'metadata', 'uid')) ?? '');
  }

  #failed(verb: 'list' | 'watch', thrown: unknown, openMs: number, signal: AbortSignal): Outcome {
    const error = asApiError(thrown, 'malformed');
    // An API server that has just started may not know its roles for a moment.
    const mayBeStarting = this.#wasUnreachable && error.kind === 'forbidden';
    this.#wasUnreachable = error.kind === 'unreachable';
    const isNews =
      !signal.aborted &&
      !mayBeStarting &&
      !isRoutine(error.kind) &&
      this.#reported.isNew(`${verb} ${error.kind} ${error.status}`, this.#now());
    if (isNews) {
      const { resource, namespace, onError } = this.#options;
      onError(describeFailure(verb, resource, namespace, error));
    }
    return {
      kind: 'failed',
      verb,
      error: error.kind,
      openMs,
      retryAfterMs: error.retryAfterMs ?? 0,
    };
  }

  /** Lists of built-in kinds do not say what their items are, and metadata alone says it is metadata. */
  #named(object: JsonObject): JsonObject {
    const { resource } = this.#options;
    return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
  }
}

function acceptHeader(metadataOnly: boolean | undefined, kind: string): string {
  const all = 'application/json';
  return metadataOnly === true ? `${all};as=${kind};g=meta.k8s.io;v=v1,${all}` : all;
}

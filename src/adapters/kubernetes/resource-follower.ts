import { pause } from '../pause.ts';
import { asApiError } from './api-error.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import { Deadline } from './deadline.ts';
import { describeFailure } from './describe-failure.ts';
import { RecentCauses } from './recent-causes.ts';
import {
  defaultReflectorTimings,
  Reflector,
  type ReflectorOptions,
  type ReflectorTimings,
} from './reflector.ts';
import { servedVersion, type VersionedResource } from './served-version.ts';

export interface FollowerTimings extends ReflectorTimings {
  /** How soon a version that begins to be served is noticed. */
  readonly recheckMs: number;
  /** Between looks for a resource that is not there. */
  readonly absence: Backoff;
}

export const defaultFollowerTimings: FollowerTimings = {
  ...defaultReflectorTimings,
  recheckMs: 60_000,
  absence: { firstMs: 500, maxMs: 10_000 },
};

export interface FollowerOptions<Item> extends Omit<ReflectorOptions<Item>, 'resource'> {
  readonly resource: VersionedResource;
  /** Called when the version in use changes; with undefined when the resource is not served. */
  readonly onVersion: (version: string | undefined) => void;
  readonly timings?: Partial<FollowerTimings> | undefined;
}

/**
 * An API server that starts may not know of its custom resources for a moment:
 * what was listed is forgotten only when it is missing this many times in a row.
 */
const absencesToForget = 4;

/**
 * Keeps up with a custom resource that may not be installed yet, may be removed,
 * and may come to be served in a better version.
 */
export class ResourceFollower<Item> {
  readonly #options: FollowerOptions<Item>;
  readonly #timings: FollowerTimings;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #reported = new RecentCauses();
  #reflector: Reflector<Item> | undefined;
  #answeredAtMs: number;
  #isSynced = false;
  #version: string | undefined;
  /** What `onVersion` was told last; null before that. */
  #announced: string | undefined | null = null;
  /** Failures to find out, and answers that it is not served, each in a row. */
  #failures = 0;
  #absences = 0;

  constructor(options: FollowerOptions<Item>) {
    this.#options = options;
    this.#timings = { ...defaultFollowerTimings, ...options.timings };
    this.#now = options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#answeredAtMs = this.#now();
  }

  /** Whether all that is there was listed once, or is known not to be there. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** The version in use; undefined while it is unknown or there is none. */
  get version(): string | undefined {
    return this.#version;
  }

  /** Whether its objects can be had: once they were listed, until they are missing for good. */
  get isServed(): boolean {
    return typeof this.#announced === 'string';
  }

  /** How long nothing was heard about the resource. */
  staleMs(): number {
    const sinceAnswerMs = this.#now() - this.#answeredAtMs;
    return Math.min(sinceAnswerMs, this.#reflector?.staleMs() ?? sinceAnswerMs);
  }

  /** Works until the signal aborts. When it resolves, everything is closed. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const delayMs = await this.#round(signal);
      await pause(delayMs, signal);
    }
  }

  /** Finds the version and follows it for as long as it is the one. Resolves with how long to wait then. */
  async #round(signal: AbortSignal): Promise<number> {
    try {
      this.#version = await this.#look(signal);
    } catch (thrown) {
      this.#failures += 1;
      if (!signal.aborted) this.#report(thrown);
      return backoffMs(this.#timings.backoff, this.#failures, this.#random());
    }
    this.#failures = 0;
    this.#answeredAtMs = this.#now();
    if (this.#version !== undefined) {
      const end = await this.#follow(this.#version, signal);
      if (end === 'stopped') return 0;
    }
    this.#absences += 1;
    if (!this.#isSynced || this.#absences >= absencesToForget) this.#forget();
    return backoffMs(this.#timings.absence, this.#absences, this.#random());
  }

  async #look(signal: AbortSignal): Promise<string | undefined> {
    const deadline = new Deadline(signal, this.#timings.answerTimeoutMs);
    try {
      const { connection, resource } = this.#options;
      return await servedVersion(connection, resource, deadline.signal);
    } finally {
      deadline.end();
    }
  }

  /** Resolves with `stopped` when another version is to be followed, or none any more. */
  async #follow(version: string, signal: AbortSignal): Promise<'stopped' | 'not served'> {
    const { resource, onReplace } = this.#options;
    const reflector = new Reflector<Item>({
      ...this.#options,
      resource: { group: resource.group, version, plural: resource.plural, kind: resource.kind },
      timings: this.#timings,
      onReplace: (items) => {
        this.#absences = 0;
        this.#announce(version);
        onReplace(items);
        this.#isSynced = true;
      },
    });
    this.#reflector = reflector;
    const superseded = new AbortController();
    const life = AbortSignal.any([signal, superseded.signal]);
    const ended = reflector.run(life).finally(() => superseded.abort());
    await this.#otherVersion(version, life);
    superseded.abort();
    return ended;
  }

  /** Resolves when a version other than this one is the best, or when the signal aborts. */
  async #otherVersion(version: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#timings.recheckMs, signal);
      if (signal.aborted) return;
      // Trouble and absence are the reflector's to notice: they concern its own requests.
      const best = await this.#look(signal).catch(() => undefined);
      if (best !== undefined && best !== version) return;
    }
  }

  #forget(): void {
    this.#announce(undefined);
    this.#options.onReplace([]);
    this.#isSynced = true;
  }

  #announce(version: string | undefined): void {
    if (this.#announced === version) return;
    this.#announced = version;
    this.#options.onVersion(version);
  }

  #report(thrown: unknown): void {
    const error = asApiError(thrown);
    const { resource, namespace, onError } = this.#options;
    if (!this.#reported.isNew(`${error.kind} ${error.status}`, this.#now())) return;
    onError(describeFailure('discover', resource, namespace, error));
  }
}

import { asObject, type JsonObject } from '../../api/json.ts';
import {
  type LeaseObservation,
  type LeaseSpec,
  type LeaseTimings,
  leaseStep,
  mustStepDown,
  observeLease,
  releasedLease,
} from '../../rules/leader/lease-decision.ts';
import { pause } from '../pause.ts';
import { ApiError, asApiError } from './api-error.ts';
import { type ApiResource, collectionPath, objectPath } from './api-resource.ts';
import { Deadline } from './deadline.ts';
import { describeFailure, type RequestVerb } from './describe-failure.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';

const leases: ApiResource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
};

/** client-go's defaults: a leader that vanishes is followed within 17 s. */
export const defaultLeaseTimings: LeaseTimings = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
};

/** Giving leadership back is a courtesy: the process that ends does not wait longer for it. */
const releaseTimeoutMs = 2_000;

export interface LeaderElectorOptions {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'changeJson'>;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Different in every process that stands; the pod's name, with something random. */
  readonly identity: string;
  /**
   * What only the leader does. Its signal aborts when leadership is lost or the
   * elector stops; from then on it must not write any more. When it ends by itself,
   * so does its term; what it rejects with ends the elector.
   */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  /** Somebody else leads; told when that changes. */
  readonly onLeader?: (holder: string) => void;
  readonly onError: (error: ApiError) => void;
  readonly timings?: LeaseTimings;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
  /** The time of day. */
  readonly date?: () => Date;
}

/**
 * Stands for leadership over a Lease, with the semantics of client-go's leader
 * election, so that any mixture of clients agrees: of all that stand, one leads.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #timings: LeaseTimings;
  readonly #now: () => number;
  #observation: LeaseObservation | undefined;
  /** Of the Lease as last seen; a write over anything newer fails. */
  #stored: JsonObject | undefined;
  /** The request that is under way or was the last, for what is said when it fails. */
  #verb: RequestVerb = 'get';
  #isLeader = false;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#timings = options.timings ?? defaultLeaseTimings;
    this.#now = options.now ?? (() => performance.now());
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** Stands, leads, and stands again, until the signal aborts; then gives leadership back. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedAtMs = this.#now();
      if (await this.#attempt(signal)) await this.#leadUntilLost(signal, startedAtMs);
      // A request that was cut short may have made us leader all the same.
      else if (signal.aborted && this.#verb !== 'get') await this.#release();
      else await pause(this.#timings.retryPeriodMs, signal);
    }
  }

  /** @param acquiredAtMs when the request was sent that made us leader: others count from then, or later */
  async #leadUntilLost(signal: AbortSignal, acquiredAtMs: number): Promise<void> {
    const term = new AbortController();
    const end = (): void => term.abort();
    signal.addEventListener('abort', end, { once: true });
    try {
      // It may have aborted while the answer was on its way that made us leader.
      if (signal.aborted) return;
      this.#isLeader = true;
      const work = this.#options.lead(term.signal).finally(end);
      // Waited for below; until then its failure must not count as unhandled.
      work.catch(() => undefined);
      await this.#renewUntilLost(term.signal, acquiredAtMs);
      this.#isLeader = false;
      end();
      // Whoever leads next must not meet writes of ours.
      await work;
    } finally {
      signal.removeEventListener('abort', end);
      await this.#release();
    }
  }

  async #renewUntilLost(signal: AbortSignal, acquiredAtMs: number): Promise<void> {
    let renewedAtMs = acquiredAtMs;
    for (;;) {
      const leftMs = renewedAtMs + this.#timings.renewDeadlineMs - this.#now();
      await pause(Math.min(this.#timings.retryPeriodMs, leftMs), signal);
      if (signal.aborted || mustStepDown(renewedAtMs, this.#timings, this.#now())) return;
      const startedAtMs = this.#now();
      if (await this.#attempt(signal, renewedAtMs)) renewedAtMs = startedAtMs;
      else if (this.#holder !== this.#options.identity) return;
      if (mustStepDown(renewedAtMs, this.#timings, this.#now())) return;
    }
  }

  /**
   * Tries once to get or to keep the Lease.
   *
   * @param renewedAtMs of a leader: an attempt must not outlast its deadline
   */
  async #attempt(signal: AbortSignal, renewedAtMs = this.#now()): Promise<boolean> {
    const leftMs = renewedAtMs + this.#timings.renewDeadlineMs - this.#now();
    const deadline = new Deadline(signal, Math.max(leftMs, 1));
    try {
      await this.#read(deadline.signal);
      const { identity } = this.#options;
      const step = leaseStep(this.#observation, identity, this.#timings, this.#now(), this.#time());
      if (step.kind === 'stand-by') return false;
      await this.#write(step.spec, deadline.signal);
      return true;
    } catch (error) {
      if (!signal.aborted) this.#report(error);
      return false;
    } finally {
      deadline.end();
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    this.#verb = 'get';
    try {
      this.#remember(await this.#options.connection.getJson(this.#path, { signal }));
    } catch (error) {
      if (!(error instanceof ApiError && error.kind === 'not-found')) throw error;
      this.#stored = undefined;
      this.#observation = undefined;
    }
  }

  async #write(spec: LeaseSpec, signal: AbortSignal): Promise<void> {
    const { connection, namespace, name } = this.#options;
    const isNew = this.#stored === undefined;
    this.#verb = isNew ? 'create' : 'update';
    const lease: JsonObject = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: this.#stored?.['metadata'] ?? { namespace, name },
      spec,
    };
    this.#remember(
      await connection.changeJson(isNew ? this.#folder : this.#path, {
        method: isNew ? 'POST' : 'PUT',
        body: lease,
        signal,
      }),
    );
  }

  async #release(): Promise<void> {
    // Whoever asked us to stop does not keep us from saying good-bye.
    const deadline = new Deadline(new AbortController().signal, releaseTimeoutMs);
    try {
      // A renewal that was cut short may have been written: what is stored tells, not what we know.
      await this.#read(deadline.signal);
      const spec = asObject(this.#stored?.['spec']) ?? {};
      const released = releasedLease(spec, this.#options.identity, this.#time());
      if (released !== undefined) await this.#write(released, deadline.signal);
    } catch (error) {
      this.#report(error);
    } finally {
      deadline.end();
    }
  }

  #remember(lease: JsonObject): void {
    const before = this.#holder;
    this.#stored = lease;
    this.#observation = observeLease(this.#observation, asObject(lease['spec']) ?? {}, this.#now());
    const holder = this.#holder;
    if (holder !== before && holder !== undefined) this.#options.onLeader?.(holder);
  }

  get #holder(): string | undefined {
    const holder = this.#observation?.spec['holderIdentity'];
    return typeof holder === 'string' && holder !== '' ? holder : undefined;
  }

  #report(error: unknown): void {
    // Two wrote at once, and the other was first: the next attempt sees who.
    if (error instanceof ApiError && error.status === 409) return;
    const { namespace, name, onError } = this.#options;
    onError(describeFailure(this.#verb, leases, namespace, asApiError(error), name));
  }

  /** MicroTime, as Leases have it. */
  #time(): string {
    const date = this.#options.date?.() ?? new Date();
    return date.toISOString().replace('Z', '000Z');
  }

  get #folder(): string {
    return collectionPath(leases, this.#options.namespace);
  }

  get #path(): string {
    return objectPath(leases, this.#options.namespace, this.#options.name);
  }
}

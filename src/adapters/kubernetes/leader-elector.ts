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
import { ApiError } from './api-error.ts';
import { Deadline } from './deadline.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import { pause } from './pause.ts';

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
   * elector stops; from then on it must not write any more.
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
      if (await this.#attempt(signal)) await this.#leadUntilLost(signal);
      else await pause(this.#timings.retryPeriodMs, signal);
    }
  }

  async #leadUntilLost(signal: AbortSignal): Promise<void> {
    const term = new AbortController();
    const end = (): void => term.abort();
    signal.addEventListener('abort', end, { once: true });
    this.#isLeader = true;
    const work = this.#options.lead(term.signal).finally(end);
    await this.#renewUntilLost(term.signal);
    this.#isLeader = false;
    end();
    // Whoever leads next must not meet writes of ours.
    await work;
    signal.removeEventListener('abort', end);
    await this.#release();
  }

  async #renewUntilLost(signal: AbortSignal): Promise<void> {
    let renewedAtMs = this.#now();
    for (;;) {
      await pause(this.#timings.retryPeriodMs, signal);
      if (signal.aborted) return;
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
    const spec = asObject(this.#stored?.['spec']);
    const released =
      spec === undefined ? undefined : releasedLease(spec, this.#options.identity, this.#time());
    if (released === undefined) return;
    try {
      await this.#write(released, AbortSignal.timeout(releaseTimeoutMs));
    } catch (error) {
      this.#report(error);
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
    this.#options.onError(
      error instanceof ApiError
        ? error
        : new ApiError('unreachable', (error as Error).message, { cause: error }),
    );
  }

  /** MicroTime, as Leases have it. */
  #time(): string {
    const date = this.#options.date?.() ?? new Date();
    return date.toISOString().replace('Z', '000Z');
  }

  get #folder(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases`;
  }

  get #path(): string {
    return `${this.#folder}/${this.#options.name}`;
  }
}

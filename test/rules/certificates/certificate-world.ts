import {
  type AuthorityFacts,
  type CertificatePlan,
  type Lifetimes,
  planCertificates,
  type ServingFacts,
  type StoredFacts,
  settlingTimeMs,
  type Validity,
} from '../../../src/rules/certificates/certificate-plan.ts';

/** A value that was written, and when. */
interface Version<Value> {
  readonly value: Value;
  readonly atMs: number;
}

/** Everything that was ever stored under one name; a write over anything but the latest fails. */
class Register<Value> {
  readonly versions: Version<Value>[];

  constructor(value: Value) {
    this.versions = [{ value, atMs: 0 }];
  }

  /** What somebody sees who is behind by so much. */
  asOf(atMs: number): Version<Value> {
    return this.versions.findLast((version) => version.atMs <= atMs) ?? this.#first;
  }

  get latest(): Version<Value> {
    return this.versions.at(-1) ?? this.#first;
  }

  write(over: Version<Value>, value: Value, atMs: number): boolean {
    if (over !== this.latest) return false;
    this.versions.push({ value, atMs });
    return true;
  }

  get #first(): Version<Value> {
    const [first] = this.versions;
    if (first === undefined) throw new Error('there is a first version');
    return first;
  }
}

export interface ReplicaSettings {
  readonly lifetimes: Lifetimes;
  readonly hosts: readonly string[];
}

/** One process: what it serves, and what it has seen of trust. */
interface Replica {
  readonly settings: ReplicaSettings;
  served: ServingFacts | undefined;
  nextTrust: { readonly id: string; readonly sinceMs: number } | undefined;
  idleTicks: number;
}

/** Nobody does nothing for longer than this. */
const mostIdleTicks = 5;

/** When nobody wrote for so long, everybody has seen everything, and time may fly. */
const quietTicks = 100;

/**
 * Replicas over one Secret and one webhook configuration, in time that passes in
 * ticks. They act at random moments, and what they see is late by a random time.
 */
export class CertificateWorld {
  nowMs = 0;
  readonly replicas: readonly Replica[];
  readonly secret = new Register<StoredFacts | undefined>(undefined);
  /** Ids of the authorities in caBundle. */
  readonly bundle = new Register<readonly string[]>([]);
  /** Plans that were written. */
  readonly writes: CertificatePlan[] = [];
  lostWrites = 0;
  readonly #random: () => number;
  /** How late anybody may see anything, and how late API servers are. */
  readonly #lateMs: number;
  readonly #settlingMs: number;
  readonly #tickMs: number;
  #authorities = 0;
  #ticksSinceWrite = 0;
  /** When somebody will want to do something, as far as they said. */
  #dueMs = 0;

  constructor(settings: readonly ReplicaSettings[], random: () => number) {
    this.#random = random;
    const servingMs = Math.min(...settings.map(({ lifetimes }) => lifetimes.servingMs));
    this.#settlingMs = Math.min(...settings.map(({ lifetimes }) => settlingTimeMs(lifetimes)));
    this.#lateMs = Math.min(servingMs / 40, this.#settlingMs);
    this.#tickMs = Math.min(servingMs / 80, this.#settlingMs);
    this.replicas = settings.map((one) => ({
      settings: one,
      served: undefined,
      nextTrust: undefined,
      idleTicks: 0,
    }));
  }

  /** Whether every API server knows of the first authority. */
  get isTrusted(): boolean {
    const [, first] = this.bundle.versions;
    return first !== undefined && this.nowMs - first.atMs > this.#settlingMs;
  }

  /** What API servers verify by, at this moment: they are late as well. */
  trustedByApiServers(): readonly string[] {
    return this.bundle.asOf(this.nowMs - this.#random() * this.#settlingMs).value;
  }

  /** Some time passes, and some replicas act. */
  tick(): void {
    this.nowMs += Math.ceil(this.#random() * this.#tickMs);
    this.#ticksSinceWrite += 1;
    if (this.#ticksSinceWrite > quietTicks) {
      this.nowMs = Math.max(this.nowMs, this.#dueMs - quietTicks * this.#tickMs);
    }
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const replica of this.replicas) {
      replica.idleTicks += 1;
      if (replica.idleTicks < mostIdleTicks && this.#random() < 0.6) {
        this.#dueMs = this.nowMs;
        continue;
      }
      replica.idleTicks = 0;
      this.#look(replica);
      this.#keepBundle();
    }
  }

  #look(replica: Replica): void {
    const found = this.secret.asOf(this.nowMs - this.#late());
    replica.served = found.value?.serving ?? replica.served;
    const { lifetimes, hosts } = replica.settings;
    const plan = planCertificates({
      secretName: { namespace: 'ours', name: 'certificates' },
      secret:
        found.value === undefined ? { kind: 'absent' } : { kind: 'stored', stored: found.value },
      lifetimes,
      hosts,
      nextTrustedSinceMs: this.#trustedSinceMs(replica, found.value?.next),
      nowMs: this.nowMs,
    });
    if (plan.kind === 'keep') {
      this.#dueMs = Math.min(this.#dueMs, plan.untilMs);
      return;
    }
    this.#ticksSinceWrite = 0;
    const next = this.#carryOut(plan, found.value);
    if (this.secret.write(found, next, this.nowMs)) this.writes.push(plan);
    else this.lostWrites += 1;
  }

  #trustedSinceMs(replica: Replica, next: AuthorityFacts | undefined): number | undefined {
    const seen = this.bundle.asOf(this.nowMs - this.#late()).value;
    if (next === undefined || !seen.includes(next.id)) replica.nextTrust = undefined;
    else if (replica.nextTrust?.id !== next.id) {
      replica.nextTrust = { id: next.id, sinceMs: this.nowMs };
    }
    return replica.nextTrust?.sinceMs;
  }

  /** Reads the configuration, then the Secret, and writes unless the configuration changed. */
  #keepBundle(): void {
    const lateMs = this.#late();
    const seen = this.bundle.asOf(this.nowMs - lateMs);
    const { value: stored } = this.secret.asOf(this.nowMs - this.#random() * lateMs);
    if (stored === undefined) return;
    const wanted = trustedIds(stored);
    if (wanted.join() === seen.value.join()) return;
    this.#ticksSinceWrite = 0;
    this.bundle.write(seen, wanted, this.nowMs);
  }

  #carryOut(plan: CertificatePlan, stored: StoredFacts | undefined): StoredFacts {
    const { nowMs } = this;
    switch (plan.kind) {
      case 'begin': {
        const signing = this.#authority(plan.authorityUntilMs);
        const serving = this.#serving(signing, plan.hosts, plan.servingUntilMs);
        return { signing, next: undefined, former: [], serving, replacedUntilMs: undefined };
      }
      case 'issue': {
        const { signing, next, former } = known(stored);
        const { servingUntilMs, replacedUntilMs, hosts } = plan;
        if (plan.by === 'signing') {
          const serving = this.#serving(signing, hosts, servingUntilMs);
          return { ...known(stored), serving, replacedUntilMs };
        }
        if (next === undefined) throw new Error('nobody signs next');
        return {
          signing: next,
          next: undefined,
          former: [...former, signing],
          serving: this.#serving(next, hosts, servingUntilMs),
          replacedUntilMs,
        };
      }
      case 'add-authority':
        return { ...known(stored), next: this.#authority(plan.authorityUntilMs) };
      case 'retire': {
        const former = known(stored).former.filter(({ id }) => !plan.ids.includes(id));
        return { ...known(stored), former };
      }
      default:
        throw new Error(`${plan.kind} at ${nowMs} writes nothing`);
    }
  }

  #authority(notAfterMs: number): AuthorityFacts {
    this.#authorities += 1;
    return { id: String(this.#authorities), ...validity(this.nowMs, notAfterMs) };
  }

  #serving(issuer: AuthorityFacts, hosts: readonly string[], notAfterMs: number): ServingFacts {
    return { issuerId: issuer.id, hosts, ...validity(this.nowMs, notAfterMs) };
  }

  #late(): number {
    return this.#random() * this.#lateMs;
  }
}

/** Certificates count in whole seconds. */
function validity(madeAtMs: number, notAfterMs: number): Validity {
  return {
    madeAtMs: Math.floor(madeAtMs / 1_000) * 1_000,
    notAfterMs: Math.floor(notAfterMs / 1_000) * 1_000,
  };
}

/** All authorities of the Secret, oldest first. */
export function trustedIds({ signing, next, former }: StoredFacts): string[] {
  return [...former, signing, ...(next === undefined ? [] : [next])].map(({ id }) => id);
}

function known(stored: StoredFacts | undefined): StoredFacts {
  if (stored === undefined) throw new Error('nothing is stored');
  return stored;
}

/** A sequence in [0, 1) that a seed decides (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

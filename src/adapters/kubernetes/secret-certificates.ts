import { X509Certificate } from 'node:crypto';
import {
  type CertificatePlan,
  type Lifetimes,
  planCertificates,
} from '../../rules/certificates/certificate-plan.ts';
import type { Logger } from '../log.ts';
import type { WritingPlan } from '../tls/carry-out-plan.ts';
import type { CertificatePair } from '../tls/certificate-pair.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import { normalHost, readCertificates } from '../tls/pem-certificates.ts';
import type { StoredCertificates } from '../tls/stored-certificates.ts';
import { ApiError } from './api-error.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import { CaBundleKeeper } from './ca-bundle-keeper.ts';
import { CertificateSecret, type FoundSecret, secrets } from './certificate-secret.ts';
import { missingTrust, untrusting } from './configuration-trust.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import type { Staleness } from './kubernetes-function-source.ts';
import { RecentCauses } from './recent-causes.ts';
import { type FollowerTimings, ResourceFollower } from './resource-follower.ts';
import { WakeUp } from './wake-up.ts';
import { WebhookConfigurations } from './webhook-configurations.ts';

export interface SecretCertificatesOptions {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'getLines' | 'changeJson'>;
  readonly namespace: string;
  /** Name of the Secret. */
  readonly name: string;
  /** DNS names and IP addresses that the certificate has to be good for. */
  readonly hosts: readonly string[];
  readonly lifetimes: Lifetimes;
  readonly log: Logger;
  readonly timings?: Partial<FollowerTimings> | undefined;
  /** In [0, 1). */
  readonly random?: (() => number) | undefined;
  readonly date?: (() => Date) | undefined;
}

/** What the log says was done. */
const done: Readonly<Record<WritingPlan['kind'], string>> = {
  begin: 'made a CA and a serving certificate',
  issue: 'made a serving certificate',
  'add-authority': 'made the next CA; both are trusted from now on',
  retire: 'the CA before is no longer trusted',
};

/** The same as for watches: after an API server comes back, everything goes on within 5 s. */
const troubleBackoff: Backoff = { firstMs: 200, maxMs: 2_500 };

/** What an API server refuses for good is asked for less and less often. */
const refusalBackoff: Backoff = { firstMs: 500, maxMs: 60_000 };

/** A Secret that somebody has to look at wakes us when it changes; this is for the log. */
const refusedMs = 60_000;

/** Longer than this nobody sleeps, since clocks are set and machines are suspended. */
const longestSleepMs = 60 * 60_000;

/** Replicas do not all renew at the same moment: the first is found out by the others. */
const spreadMs = 60_000;
const spreadPart = 1 / 30;

/** Writes in a row, lost ones among them; nothing that is due takes more than three. */
const writesInARow = 5;
const afterManyWritesMs = 1_000;

/**
 * Certificates that replicas share in one Secret. Whichever comes first makes and
 * renews them, and all keep `caBundle` of the webhook configurations.
 *
 * Whatever happens leads to the same: read the Secret, serve what it holds, ask
 * the rules what is due, write that unless somebody else was first. Watches only
 * tell that something happened, so that none of them ever sees a key.
 */
export class SecretCertificates implements CertificateSource {
  readonly #options: SecretCertificatesOptions;
  readonly #hosts: readonly string[];
  readonly #secret: CertificateSecret;
  readonly #follower: ResourceFollower<true>;
  readonly #configurations: WebhookConfigurations;
  readonly #keeper: CaBundleKeeper;
  readonly #wakeUp = new WakeUp();
  readonly #reported = new RecentCauses();
  readonly #random: () => number;
  readonly #date: () => Date;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #serve: (pair: CertificatePair) => void = () => undefined;
  #served: CertificatePair | undefined;
  #bundle: string | undefined;
  /** The next authority, and since when it is seen in every configuration. */
  #nextTrust: { readonly id: string; readonly sinceMs: number } | undefined;
  #failures = 0;

  constructor(options: SecretCertificatesOptions) {
    this.#options = options;
    this.#hosts = [...new Set(options.hosts.map(normalHost))];
    this.#random = options.random ?? Math.random;
    this.#date = options.date ?? (() => new Date());
    const { connection, namespace, name, timings, log } = options;
    this.#secret = new CertificateSecret({ connection, namespace, name });
    this.#follower = this.#followSecret();
    const onError = (error: ApiError): void => this.#report(error);
    this.#configurations = new WebhookConfigurations({
      connection,
      onChange: () => this.#wake(),
      onError,
      timings,
    });
    this.#keeper = new CaBundleKeeper({
      connection,
      configurations: this.#configurations,
      isOwnHost: (host) => this.#isOwnHost(host),
      bundle: () => this.#bundle,
      readBundle: async (signal) => (await this.#secret.read(signal)).stored?.bundle,
      log,
      onError,
      random: options.random,
    });
  }

  async start(serve: (pair: CertificatePair) => void): Promise<void> {
    const { signal } = this.#stop;
    this.#serve = serve;
    this.#running = Promise.all([
      this.#follower.run(signal),
      this.#configurations.run(signal),
      this.#keeper.run(signal),
      this.#run(signal),
    ]);
  }

  missing({ certificate }: CertificatePair): readonly string[] {
    const isOwnHost = (host: string): boolean => this.#isOwnHost(host);
    const chain = readCertificates(certificate);
    return [
      ...(this.#follower.isSynced ? [] : [this.#watched]),
      ...missingTrust(this.#configurations, chain, isOwnHost, this.#date()),
    ];
  }

  staleness(): Staleness[] {
    return [
      { resource: this.#watched, seconds: this.#follower.staleMs() / 1000 },
      ...this.#configurations.staleness(),
    ];
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get #watched(): string {
    return 'secrets (certificates)';
  }

  #isOwnHost(host: string): boolean {
    return this.#hosts.includes(normalHost(host));
  }

  #wake(): void {
    this.#wakeUp.call();
    this.#keeper.wake();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const delayMs = await this.#round(signal);
      await this.#wakeUp.sleep(Math.min(delayMs, longestSleepMs), signal);
    }
  }

  /** Does what is due. Resolves with how long to wait when nobody wakes us. */
  async #round(signal: AbortSignal): Promise<number> {
    try {
      const plan = await this.#carryOn(signal);
      this.#failures = 0;
      if (plan.kind === 'keep') return plan.untilMs - this.#date().getTime() + this.#spread();
      if (plan.kind === 'refuse') {
        this.#tell('error', plan.problem, plan.problem, {});
        return refusedMs;
      }
      return afterManyWritesMs + this.#spread();
    } catch (error) {
      if (signal.aborted) return 0;
      this.#failures += 1;
      this.#report(error);
      const isRefusal =
        !(error instanceof ApiError) || error.kind === 'forbidden' || error.kind === 'refused';
      return backoffMs(isRefusal ? refusalBackoff : troubleBackoff, this.#failures, this.#random());
    }
  }

  /** Resolves with the plan that nothing is left to do about, or with the last of too many. */
  async #carryOn(signal: AbortSignal): Promise<CertificatePlan> {
    let found = await this.#secret.read(signal);
    for (let writes = 0; ; writes += 1) {
      this.#take(found);
      const plan = this.#plan(found);
      if (plan.kind === 'keep' || plan.kind === 'refuse' || writes === writesInARow) return plan;
      found = (await this.#write(found, plan, signal)) ?? (await this.#secret.read(signal));
    }
  }

  #plan({ facts, stored }: FoundSecret): CertificatePlan {
    const { namespace, name, lifetimes } = this.#options;
    return planCertificates({
      secretName: { namespace, name },
      secret: facts,
      lifetimes,
      hosts: this.#hosts,
      nextTrustedSinceMs: this.#nextTrustedSinceMs(stored),
      nowMs: this.#date().getTime(),
    });
  }

  /** @returns undefined when somebody else was first */
  async #write(
    found: FoundSecret,
    plan: WritingPlan,
    signal: AbortSignal,
  ): Promise<FoundSecret | undefined> {
    // Loaded on demand: most starts find everything made.
    const { carryOut } = await import('../tls/carry-out-plan.ts');
    const content = await carryOut(plan, found.stored, this.#date().getTime());
    const replacedUntilMs = replacedUntilOf(plan, found);
    const written = await this.#secret.write(found, content, replacedUntilMs, signal);
    if (written !== undefined) {
      const { namespace, name, log } = this.#options;
      log.info({ secret: `${namespace}/${name}` }, done[plan.kind]);
    }
    return written;
  }

  /** What is stored is served and trusted, whoever made it. */
  #take({ stored }: FoundSecret): void {
    const bundle = stored?.bundle;
    if (bundle !== this.#bundle) {
      this.#bundle = bundle;
      this.#keeper.wake();
    }
    if (stored === undefined) return;
    const { certificate, key, expiresAt } = stored.serving;
    if (this.#served?.certificate === certificate && this.#served.key === key) return;
    this.#serve(stored.serving);
    this.#served = stored.serving;
    this.#options.log.info({ expiresAt }, 'serving another certificate');
  }

  #nextTrustedSinceMs(stored: StoredCertificates | undefined): number | undefined {
    const id = stored?.facts.next?.id;
    const isTrusted = stored?.next !== undefined && this.#isTrusted(stored.next.certificate);
    if (id === undefined || !isTrusted) this.#nextTrust = undefined;
    else if (this.#nextTrust?.id !== id) this.#nextTrust = { id, sinceMs: this.#date().getTime() };
    return this.#nextTrust?.sinceMs;
  }

  #isTrusted(certificate: string): boolean {
    const isOwnHost = (host: string): boolean => this.#isOwnHost(host);
    const chain = [new X509Certificate(certificate)];
    return (
      this.#configurations.missing().length === 0 &&
      untrusting(this.#configurations, chain, isOwnHost, this.#date()).length === 0
    );
  }

  #spread(): number {
    return Math.min(spreadMs, this.#options.lifetimes.servingMs * spreadPart) * this.#random();
  }

  /** Trouble; the same is told once in some minutes. */
  #report(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const cause = error instanceof ApiError ? `${error.request} ${error.kind}` : error.message;
    const details = error instanceof ApiError ? { kind: error.kind } : {};
    this.#tell('warn', cause, error.message, details);
  }

  #tell(level: 'warn' | 'error', cause: string, message: string, details: object): void {
    if (!this.#reported.isNew(cause, performance.now())) return;
    const expiresAt = this.#served?.expiresAt;
    const consequence =
      expiresAt === undefined
        ? 'there is no certificate to serve yet'
        : `the certificate that is served ${expiresAt <= this.#date() ? 'expired' : 'expires'} on ${expiresAt.toISOString()}`;
    this.#options.log[level]({ ...details, expiresAt }, `${message}; ${consequence}`);
  }

  #followSecret(): ResourceFollower<true> {
    const { connection, namespace, name, timings } = this.#options;
    return new ResourceFollower<true>({
      connection,
      resource: { ...secrets, versions: [secrets.version] },
      namespace,
      selector: { fields: `metadata.name=${name}` },
      metadataOnly: true,
      read: () => true,
      onReplace: () => this.#wake(),
      onUpsert: () => this.#wake(),
      onDelete: () => this.#wake(),
      onError: (error) => this.#report(error),
      onVersion: () => undefined,
      timings,
    });
  }
}

/** What is replaced now, or was before, for as long as it may be served. */
function replacedUntilOf(plan: WritingPlan, { stored }: FoundSecret): number | undefined {
  switch (plan.kind) {
    case 'begin':
      return undefined;
    case 'issue':
      return plan.replacedUntilMs;
    case 'add-authority':
    case 'retire':
      return stored?.facts.replacedUntilMs;
  }
}

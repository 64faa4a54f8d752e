import {
  type CertificatePlan,
  type Lifetimes,
  planCertificates,
} from '../../rules/certificates/certificate-plan.ts';
import type { Logger } from '../log.ts';
import type { WritingPlan } from '../tls/carry-out-plan.ts';
import type { StoredCertificates } from '../tls/stored-certificates.ts';
import { ApiError } from './api-error.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import type { CertificateSecret, FoundSecret } from './certificate-secret.ts';
import type { CertificateTrouble } from './certificate-trouble.ts';
import { WakeUp } from './wake-up.ts';

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

export interface SecretKeeperOptions {
  readonly secret: CertificateSecret;
  /** DNS names and IP addresses that the certificate has to be good for. */
  readonly hosts: readonly string[];
  readonly lifetimes: Lifetimes;
  /** Since when everybody trusts the next authority; undefined while not everybody does. */
  readonly nextTrustedSinceMs: (
    stored: StoredCertificates | undefined,
    now: Date,
  ) => number | undefined;
  /** Called with what the Secret holds, each time that it was read or written. */
  readonly onFound: (found: FoundSecret) => void;
  readonly trouble: CertificateTrouble;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  readonly date: () => Date;
}

/**
 * Keeps the Secret of the certificates: reads it, asks the rules what is due, and
 * writes that, unless another replica was first.
 */
export class SecretKeeper {
  readonly #options: SecretKeeperOptions;
  readonly #wakeUp = new WakeUp();
  #failures = 0;

  constructor(options: SecretKeeperOptions) {
    this.#options = options;
  }

  /** The Secret, or who trusts what it holds, may have changed. */
  wake(): void {
    this.#wakeUp.call();
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const delayMs = await this.#round(signal);
      await this.#wakeUp.sleep(Math.min(delayMs, longestSleepMs), signal);
    }
  }

  /** Does what is due. Resolves with how long to wait when nobody wakes us. */
  async #round(signal: AbortSignal): Promise<number> {
    const { date, trouble, random } = this.#options;
    try {
      const plan = await this.#carryOn(signal);
      this.#failures = 0;
      if (plan.kind === 'keep') return plan.untilMs - date().getTime() + this.#spread();
      if (plan.kind === 'refuse') {
        trouble.refuse(plan.problem);
        return refusedMs;
      }
      return afterManyWritesMs + this.#spread();
    } catch (error) {
      if (signal.aborted) return 0;
      this.#failures += 1;
      trouble.report(error);
      const isRefusal =
        !(error instanceof ApiError) || error.kind === 'forbidden' || error.kind === 'refused';
      return backoffMs(isRefusal ? refusalBackoff : troubleBackoff, this.#failures, random());
    }
  }

  /** Resolves with the plan that nothing is left to do about, or with the last of too many. */
  async #carryOn(signal: AbortSignal): Promise<CertificatePlan> {
    const { secret, onFound } = this.#options;
    let found = await secret.read(signal);
    for (let writes = 0; ; writes += 1) {
      onFound(found);
      const plan = this.#plan(found);
      if (plan.kind === 'keep' || plan.kind === 'refuse' || writes === writesInARow) return plan;
      found = (await this.#write(found, plan, signal)) ?? (await secret.read(signal));
    }
  }

  #plan({ facts, stored }: FoundSecret): CertificatePlan {
    const { secret, hosts, lifetimes, nextTrustedSinceMs, date } = this.#options;
    const now = date();
    return planCertificates({
      secretName: secret.fullName,
      secret: facts,
      lifetimes,
      hosts,
      nextTrustedSinceMs: nextTrustedSinceMs(stored, now),
      nowMs: now.getTime(),
    });
  }

  /** @returns undefined when somebody else was first */
  async #write(
    found: FoundSecret,
    plan: WritingPlan,
    signal: AbortSignal,
  ): Promise<FoundSecret | undefined> {
    const { secret, date, log } = this.#options;
    // Loaded on demand: most starts find everything made.
    const { carryOut } = await import('../tls/carry-out-plan.ts');
    const content = await carryOut(plan, found.stored, date().getTime());
    const written = await secret.write(found, content, replacedUntilOf(plan, found), signal);
    if (written !== undefined) {
      const { namespace, name } = secret.fullName;
      log.info({ secret: `${namespace}/${name}` }, done[plan.kind]);
    }
    return written;
  }

  #spread(): number {
    const { lifetimes, random } = this.#options;
    return Math.min(spreadMs, lifetimes.servingMs * spreadPart) * random();
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

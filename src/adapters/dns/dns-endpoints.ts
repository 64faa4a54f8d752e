import { isIP } from 'node:net';
import { nextLookUpMs } from '../../rules/delivery/lookup-schedule.ts';
import type { HostAndPort } from '../../rules/delivery/read-endpoint.ts';
import type { Log } from '../line-log.ts';
import { type AddressAnswers, AddressLookUp, type FamilyAnswer } from './look-up-addresses.ts';

export interface DnsEndpointsOptions {
  /** Name, whole; an address or `localhost` stands for itself. */
  readonly host: string;
  readonly port: number;
  /** Name servers; empty for those of the system. */
  readonly servers: readonly string[];
  readonly onEndpoints: (endpoints: readonly HostAndPort[]) => void;
  readonly log: Log;
}

type Family = keyof AddressAnswers;

/**
 * The endpoints behind a headless Service: one for each of its A and AAAA records,
 * looked up as their TTL says, and sooner while they are wanted. A look-up that fails
 * changes nothing, whichever family it was of; that there are none is an answer.
 */
export class DnsEndpoints {
  readonly #options: DnsEndpointsOptions;
  readonly #lookUp: AddressLookUp;
  readonly #known: Record<Family, readonly string[]> = { ipv4: [], ipv6: [] };
  #lastAt = Number.NEGATIVE_INFINITY;
  #ttlSeconds: number | undefined;
  #isUnderWay = false;
  #isWanted = false;
  #isStopped = false;
  #failure: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DnsEndpointsOptions) {
    this.#options = options;
    this.#lookUp = new AddressLookUp(options.servers);
  }

  /** Why the last look-up failed; undefined when it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  start(): void {
    const { host, port, onEndpoints } = this.#options;
    if (isIP(host) !== 0 || host === 'localhost') {
      this.#isStopped = true;
      onEndpoints([{ host, port }]);
      return;
    }
    void this.#run();
  }

  /** Something waits for an endpoint, or one refused: the next look-up is at most a second after the last. */
  want(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#lookUp.cancel();
  }

  #schedule(): void {
    if (this.#isStopped || this.#isUnderWay) return;
    clearTimeout(this.#timer);
    const at = this.#lastAt + nextLookUpMs(this.#ttlSeconds, this.#isWanted);
    this.#timer = setTimeout(() => void this.#run(), Math.max(0, at - performance.now()));
    // Nothing is at stake where nobody waits for it.
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    this.#isUnderWay = true;
    this.#isWanted = false;
    const answers = await this.#lookUp.addressesOf(this.#options.host);
    this.#isUnderWay = false;
    this.#lastAt = performance.now();
    if (this.#isStopped) return;
    this.#take(answers);
    this.#schedule();
  }

  #take(answers: AddressAnswers): void {
    const { host, port, onEndpoints } = this.#options;
    const before = this.#addresses();
    for (const family of ['ipv4', 'ipv6'] as const) {
      const answer = answers[family];
      if ('addresses' in answer) this.#known[family] = [...answer.addresses].sort();
    }
    this.#ttlSeconds = shortestTtl([answers.ipv4, answers.ipv6]);
    this.#tellFailure(answers);
    const now = this.#addresses();
    if (now.join() === before.join()) return;
    this.#options.log.info({ host, addresses: now }, 'endpoints changed');
    onEndpoints(now.map((address) => ({ host: address, port })));
  }

  #addresses(): readonly string[] {
    return [...this.#known.ipv4, ...this.#known.ipv6];
  }

  /** Once when it begins, once when it is over: look-ups are many. */
  #tellFailure({ ipv4, ipv6 }: AddressAnswers): void {
    const { host, log } = this.#options;
    const failures = [ipv4, ipv6].flatMap((answer) => ('failure' in answer ? answer.failure : []));
    const failure = failures.length === 0 ? undefined : failures.join('; ');
    if (failure !== undefined && this.#failure === undefined) {
      log.warn({ host, failure }, 'look-up of endpoints failed; those known before stay');
    } else if (failure === undefined && this.#failure !== undefined) {
      log.info({ host }, 'look-up of endpoints succeeds again');
    }
    this.#failure = failure;
  }
}

function shortestTtl(answers: readonly FamilyAnswer[]): number | undefined {
  const ttls = answers.flatMap((answer) =>
    'ttlSeconds' in answer && answer.ttlSeconds !== undefined ? answer.ttlSeconds : [],
  );
  return ttls.length === 0 ? undefined : Math.min(...ttls);
}

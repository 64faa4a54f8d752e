import { isIP } from 'node:net';
import { nextLookUpMs } from '../../rules/delivery/lookup-schedule.ts';
import type { HostAndPort } from '../../rules/delivery/read-endpoint.ts';
import type { Log } from '../line-log.ts';
import { AddressLookUp, type Family, type FamilyAnswer } from './look-up-addresses.ts';

export interface DnsEndpointsOptions {
  /** Name, whole; an address or `localhost` stands for itself. */
  readonly host: string;
  readonly port: number;
  /** Name servers; empty for those of the system. */
  readonly servers: readonly string[];
  readonly onEndpoints: (endpoints: readonly HostAndPort[]) => void;
  readonly log: Log;
}

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
    this.#lastAt = performance.now();
    const [ipv4, ipv6] = await Promise.all([this.#ask('ipv4'), this.#ask('ipv6')]);
    this.#isUnderWay = false;
    if (this.#isStopped) return;
    this.#ttlSeconds = shortestTtl([ipv4, ipv6]);
    this.#tellFailure([ipv4, ipv6]);
    this.#schedule();
  }

  /** Each family counts as soon as it is known: servers that pass over AAAA would hold up the other. */
  async #ask(family: Family): Promise<FamilyAnswer> {
    const { host, port, onEndpoints, log } = this.#options;
    const answer = await this.#lookUp.addressesOf(host, family);
    if (this.#isStopped || !('addresses' in answer)) return answer;
    const before = this.#known[family];
    const now = [...answer.addresses].sort();
    if (now.join() === before.join()) return answer;
    this.#known[family] = now;
    const addresses = this.#addresses();
    log.info({ host, addresses }, 'endpoints changed');
    onEndpoints(addresses.map((address) => ({ host: address, port })));
    return answer;
  }

  #addresses(): readonly string[] {
    return [...this.#known.ipv4, ...this.#known.ipv6];
  }

  /** Once when it begins, once when it is over: look-ups are many. */
  #tellFailure(answers: readonly FamilyAnswer[]): void {
    const { host, log } = this.#options;
    const failures = answers.flatMap((answer) => ('failure' in answer ? answer.failure : []));
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

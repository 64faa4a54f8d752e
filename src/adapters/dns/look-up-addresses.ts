import { NODATA, NOTFOUND } from 'node:dns';
import { Resolver } from 'node:dns/promises';

/** What the name servers say of one family of addresses. */
export type FamilyAnswer =
  | { readonly addresses: readonly string[]; readonly ttlSeconds: number | undefined }
  /** They could not be asked, or do not know: this says nothing of what there is. */
  | { readonly failure: string };

export type Family = 'ipv4' | 'ipv6';

/** Per try, and tries per server; a look-up that takes longer is worth nothing. */
const tryMs = 1_000;
const tries = 2;

/**
 * Asks for the A and AAAA records of a name, which has to be whole: search domains,
 * `/etc/hosts` and caches of the system are left out, so that what comes is what the
 * name servers say now, with how long it holds.
 */
export class AddressLookUp {
  readonly #resolver = new Resolver({ timeout: tryMs, tries });

  /** @param servers `host` or `host:port`; empty for those of the system */
  constructor(servers: readonly string[]) {
    if (servers.length > 0) this.#resolver.setServers(servers);
  }

  addressesOf(name: string, family: Family): Promise<FamilyAnswer> {
    return answerOf(
      family === 'ipv4'
        ? this.#resolver.resolve4(name, { ttl: true })
        : this.#resolver.resolve6(name, { ttl: true }),
    );
  }

  /** Ends look-ups that are under way. */
  cancel(): void {
    this.#resolver.cancel();
  }
}

async function answerOf(
  records: Promise<{ readonly address: string; readonly ttl: number }[]>,
): Promise<FamilyAnswer> {
  try {
    const found = await records;
    const ttls = found.map(({ ttl }) => ttl);
    return {
      addresses: found.map(({ address }) => address),
      ttlSeconds: ttls.length === 0 ? undefined : Math.min(...ttls),
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // The name, or that family of it, does not exist: an answer, and not a failure.
    if (code === NOTFOUND || code === NODATA) return { addresses: [], ttlSeconds: undefined };
    return { failure: message };
  }
}

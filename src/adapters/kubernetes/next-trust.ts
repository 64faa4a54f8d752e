import { X509Certificate } from 'node:crypto';
import { idOf, type StoredCertificates } from '../tls/stored-certificates.ts';
import { untrusting } from './configuration-trust.ts';
import type { WebhookConfigurations } from './webhook-configurations.ts';

/** Since when API servers trust the authority that is to sign next, as far as is seen from here. */
export class NextTrust {
  readonly #configurations: Pick<WebhookConfigurations, 'known' | 'missing'>;
  readonly #isOwnHost: (host: string) => boolean;
  #seen: { readonly id: string; readonly sinceMs: number } | undefined;

  constructor(
    configurations: Pick<WebhookConfigurations, 'known' | 'missing'>,
    isOwnHost: (host: string) => boolean,
  ) {
    this.#configurations = configurations;
    this.#isOwnHost = isOwnHost;
  }

  /** Undefined while there is no next one, or while it is missing in a configuration. */
  sinceMs(stored: StoredCertificates | undefined, now: Date): number | undefined {
    const next = stored?.next;
    if (next === undefined) return this.#forget();
    const authority = new X509Certificate(next.certificate);
    if (!this.#isTrusted(authority, now)) return this.#forget();
    const id = idOf(authority);
    if (this.#seen?.id !== id) this.#seen = { id, sinceMs: now.getTime() };
    return this.#seen.sinceMs;
  }

  #forget(): undefined {
    this.#seen = undefined;
  }

  #isTrusted(authority: X509Certificate, now: Date): boolean {
    return (
      this.#configurations.missing().length === 0 &&
      untrusting(this.#configurations, [authority], this.#isOwnHost, now).length === 0
    );
  }
}

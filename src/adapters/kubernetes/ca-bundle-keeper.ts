import { projectName, webhookConfigurationName } from '../../api/keys.ts';
import { caBundlePatch, type WebhookClient } from '../../rules/certificates/webhook-clients.ts';
import type { Logger } from '../log.ts';
import { pause } from '../pause.ts';
import { ApiError, asApiError } from './api-error.ts';
import { type ApiResource, resourceName } from './api-resource.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import type { RequestVerb } from './describe-failure.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import { RecentCauses } from './recent-causes.ts';
import { sendWithin } from './send-within.ts';
import { WakeUp } from './wake-up.ts';
import {
  configurationPath,
  type KnownConfiguration,
  type WebhookConfigurations,
} from './webhook-configurations.ts';

/** Several attempts fit into the 5 s in which a wiped caBundle is to be back. */
const answerTimeoutMs = 2_500;
const troubleBackoff: Backoff = { firstMs: 200, maxMs: 2_500 };

/** What an API server refuses for good is asked for less and less often. */
const refusalBackoff: Backoff = { firstMs: 500, maxMs: 60_000 };

/** Replicas see the same change at the same time; one that acts is enough. */
const spreadMs = 200;

/** Somebody who overwrites it every time is met less often, and still within the 5 s. */
const restoredBackoff: Backoff = { firstMs: 200, maxMs: 2_500 };
const restoredWithinMs = 60_000;

/** So many writes of the same bundle in that time are not one who applied a manifest again, but a quarrel. */
const quarrelWrites = 10;

/** Whatever happens wakes the keeper. */
const atRestMs = 60 * 60_000;

export interface CaBundleKeeperOptions {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'changeJson'>;
  readonly configurations: Pick<WebhookConfigurations, 'known'>;
  /** Whether the certificate that is served is for a host; webhooks that call others are not ours. */
  readonly isOwnHost: (host: string) => boolean;
  /** The bundle as it was last seen, PEM; undefined while there is none. */
  readonly bundle: () => string | undefined;
  /** The bundle as it is stored right now. */
  readonly readBundle: (signal: AbortSignal) => Promise<string | undefined>;
  readonly log: Logger;
  /** Trouble, of which the same may come again and again. */
  readonly onError: (error: ApiError) => void;
  /** How long the same bundle is not written again, when it had to be lately. */
  readonly pace?: Backoff;
  /** In [0, 1). */
  readonly random?: (() => number) | undefined;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: (() => number) | undefined;
}

/**
 * Keeps `caBundle` of this project's webhooks: what is wiped or overwritten is put
 * back, and nothing is written where nothing differs.
 *
 * A replica that is behind cannot put back what is outdated: it reads the
 * configuration, then the Secret, and its patch is refused when the configuration
 * has changed since. Whoever wrote a newer bundle had stored it in the Secret before.
 */
export class CaBundleKeeper {
  readonly #options: CaBundleKeeperOptions;
  readonly #random: () => number;
  readonly #now: () => number;
  readonly #wakeUp = new WakeUp();
  readonly #told = new RecentCauses();
  /** When the same bundle was written lately. */
  #written: { readonly bundle: string; readonly atMs: readonly number[] } | undefined;
  #failures = 0;

  constructor(options: CaBundleKeeperOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#now = options.now ?? (() => performance.now());
  }

  /** A configuration or the bundle may have changed. */
  wake(): void {
    this.#wakeUp.call();
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.#wakeUp.sleep(await this.#round(signal), signal);
  }

  /** Looks at both configurations. Resolves with how long to wait when nobody wakes us. */
  async #round(signal: AbortSignal): Promise<number> {
    this.#warnOfOthers();
    const differing = this.#options.configurations.known.filter((one) => this.#differs(one));
    if (differing.length > 0) await pause(this.#delayMs(), signal);
    let trouble: ApiError | undefined;
    for (const { resource } of differing) {
      if (signal.aborted) return 0;
      try {
        await this.#restore(resource, signal);
      } catch (error) {
        if (signal.aborted) return 0;
        trouble ??= asApiError(error);
      }
    }
    this.#failures = trouble === undefined ? 0 : this.#failures + 1;
    if (trouble === undefined) return atRestMs;
    // Somebody else wrote it at the same moment: looking again is all there is to do.
    if (!isConflict(trouble)) this.#options.onError(trouble);
    const isRefusal = trouble.kind === 'forbidden' || trouble.kind === 'refused';
    const backoff = isRefusal && !isConflict(trouble) ? refusalBackoff : troubleBackoff;
    return backoffMs(backoff, this.#failures, this.#random());
  }

  #differs({ webhooks }: KnownConfiguration): boolean {
    const bundle = this.#options.bundle();
    return bundle !== undefined && webhooks.some((one) => this.#isOther(one, encode(bundle)));
  }

  #isOther({ host, caBundle }: WebhookClient, wanted: string): boolean {
    return host !== undefined && this.#options.isOwnHost(host) && caBundle !== wanted;
  }

  async #restore(resource: ApiResource, signal: AbortSignal): Promise<void> {
    const { connection, readBundle, isOwnHost } = this.#options;
    const path = configurationPath(resource);
    const configuration = await this.#request('get', resource, signal, (within) =>
      connection.getJson(path, { signal: within }),
    );
    // In this order: what is read now is no older than what the configuration holds.
    const bundle = await readBundle(signal);
    if (configuration === undefined || bundle === undefined) return;
    const { webhooks, patch } = caBundlePatch(configuration, encode(bundle), isOwnHost);
    if (webhooks.length === 0) return;
    const answer = await this.#request('patch', resource, signal, (within) =>
      connection.changeJson(path, {
        method: 'PATCH',
        contentType: 'application/json-patch+json',
        query: { fieldManager: projectName },
        body: patch.map((operation) => ({ ...operation })),
        signal: within,
      }),
    );
    if (answer !== undefined) this.#tell(resource, webhooks, bundle);
  }

  /** Longer each time that the same bundle had to be put back lately. */
  #delayMs(): number {
    const spread = spreadMs * this.#random();
    const { bundle, atMs = [] } = this.#written ?? {};
    if (bundle !== this.#options.bundle()) return spread;
    const lately = atMs.filter((at) => this.#now() - at < restoredWithinMs).length;
    const pace = this.#options.pace ?? restoredBackoff;
    return spread + backoffMs(pace, lately - 1, this.#random());
  }

  #tell(resource: ApiResource, webhooks: readonly WebhookClient[], bundle: string): void {
    const before = this.#written?.bundle === bundle ? this.#written.atMs : [];
    const lately = before.filter((at) => this.#now() - at < restoredWithinMs);
    this.#written = { bundle, atMs: [...lately, this.#now()] };
    const { log } = this.#options;
    const configuration = `${resourceName(resource)}/${webhookConfigurationName}`;
    const names = webhooks.map(({ name }) => name);
    if (this.#told.isNew([resource.plural, bundle, ...names].join(' '), this.#now())) {
      const isEmpty = webhooks.every(({ caBundle }) => caBundle === '');
      const before = isEmpty ? 'empty' : 'another';
      log.info({ configuration, webhooks: names, before }, 'wrote caBundle');
    }
    const isQuarrel = lately.length >= quarrelWrites;
    if (isQuarrel && this.#told.isNew(`quarrel ${resource.plural}`, this.#now())) {
      log.warn({ configuration }, 'somebody else writes caBundle as well, again and again');
    }
  }

  /** An admin who misspelt the Service would wait for a certificate that never comes. */
  #warnOfOthers(): void {
    const { configurations, isOwnHost, log } = this.#options;
    for (const { resource, webhooks } of configurations.known) {
      for (const { name, host } of webhooks) {
        if (host !== undefined && isOwnHost(host)) continue;
        if (!this.#told.isNew(`${resource.plural} ${name} ${host}`, this.#now())) continue;
        log.warn(
          { configuration: `${resourceName(resource)}/${webhookConfigurationName}`, webhook: name },
          `webhook calls ${host ?? 'nobody'}, which the certificate is not for; its caBundle is left alone (--service-name, --service-namespace and --certificate-hosts say what it is for)`,
        );
      }
    }
  }

  /** @returns undefined when there is no such configuration */
  async #request<Result>(
    verb: RequestVerb,
    resource: ApiResource,
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result | undefined> {
    const request = { verb, resource, namespace: undefined, name: webhookConfigurationName };
    try {
      return await sendWithin(answerTimeoutMs, request, signal, send);
    } catch (error) {
      if (error instanceof ApiError && error.kind === 'not-found') return undefined;
      throw error;
    }
  }
}

function encode(bundle: string): string {
  return Buffer.from(bundle).toString('base64');
}

function isConflict(error: ApiError): boolean {
  return error.status === 409;
}

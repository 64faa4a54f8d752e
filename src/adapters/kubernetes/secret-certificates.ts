import type { Lifetimes } from '../../rules/certificates/certificate-plan.ts';
import type { Logger } from '../log.ts';
import type { CertificatePair } from '../tls/certificate-pair.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import { normalHost, readCertificates } from '../tls/pem-certificates.ts';
import type { ApiError } from './api-error.ts';
import { CaBundleKeeper } from './ca-bundle-keeper.ts';
import { CertificateSecret, type FoundSecret, secrets } from './certificate-secret.ts';
import { CertificateTrouble } from './certificate-trouble.ts';
import { missingTrust } from './configuration-trust.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import type { Staleness } from './kubernetes-function-source.ts';
import { NextTrust } from './next-trust.ts';
import { type FollowerTimings, ResourceFollower } from './resource-follower.ts';
import { SecretKeeper } from './secret-keeper.ts';
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

/** What is watched, in the words of metrics and of `/readyz`. */
const watched = 'secrets (certificates)';

/**
 * Certificates that replicas share in one Secret. Whichever comes first makes and
 * renews them, and all keep `caBundle` of the webhook configurations.
 *
 * Whatever happens leads to the same: read the Secret, serve what it holds, ask
 * the rules what is due, write that unless somebody else was first. Watches only
 * tell that something happened, so that none of them ever sees a key.
 */
export class SecretCertificates implements CertificateSource {
  readonly #log: Logger;
  readonly #hosts: readonly string[];
  readonly #follower: ResourceFollower<true>;
  readonly #configurations: WebhookConfigurations;
  readonly #secretKeeper: SecretKeeper;
  readonly #bundleKeeper: CaBundleKeeper;
  readonly #date: () => Date;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #serve: (pair: CertificatePair) => void = () => undefined;
  #served: CertificatePair | undefined;
  /** What is to be trusted, as it was last read; undefined where there is nothing. */
  #bundle: string | undefined;

  constructor(options: SecretCertificatesOptions) {
    const { connection, namespace, name, lifetimes, log, timings, random = Math.random } = options;
    this.#log = log;
    this.#hosts = [...new Set(options.hosts.map(normalHost))];
    this.#date = options.date ?? (() => new Date());
    const secret = new CertificateSecret({ connection, namespace, name });
    const trouble = new CertificateTrouble(log, () => this.#served?.expiresAt, this.#date);
    const onError = (error: ApiError): void => trouble.report(error);
    const isOwnHost = (host: string): boolean => this.#isOwnHost(host);
    const wake = (): void => this.#wake();
    this.#follower = followSecret(options, wake, onError);
    this.#configurations = new WebhookConfigurations({
      connection,
      timings,
      onError,
      onChange: wake,
    });
    const nextTrust = new NextTrust(this.#configurations, isOwnHost);
    this.#secretKeeper = new SecretKeeper({
      secret,
      lifetimes,
      trouble,
      log,
      random,
      hosts: this.#hosts,
      nextTrustedSinceMs: (stored, now) => nextTrust.sinceMs(stored, now),
      onFound: (found) => this.#take(found),
      date: this.#date,
    });
    this.#bundleKeeper = new CaBundleKeeper({
      connection,
      isOwnHost,
      log,
      onError,
      random,
      configurations: this.#configurations,
      bundle: () => this.#bundle,
      readBundle: async (signal) => this.#bundleOf(await secret.read(signal)),
    });
  }

  async start(serve: (pair: CertificatePair) => void): Promise<void> {
    const { signal } = this.#stop;
    this.#serve = serve;
    this.#running = Promise.all([
      this.#follower.run(signal),
      this.#configurations.run(signal),
      this.#secretKeeper.run(signal),
      this.#bundleKeeper.run(signal),
    ]);
  }

  missing({ certificate }: CertificatePair): readonly string[] {
    const isOwnHost = (host: string): boolean => this.#isOwnHost(host);
    const chain = readCertificates(certificate);
    return [
      ...(this.#follower.isSynced ? [] : [watched]),
      ...missingTrust(this.#configurations, chain, isOwnHost, this.#date()),
    ];
  }

  staleness(): Staleness[] {
    return [
      { resource: watched, seconds: this.#follower.staleMs() / 1000 },
      ...this.#configurations.staleness(),
    ];
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #isOwnHost(host: string): boolean {
    return this.#hosts.includes(normalHost(host));
  }

  #wake(): void {
    this.#secretKeeper.wake();
    this.#bundleKeeper.wake();
  }

  /** What is stored is served and trusted, whoever made it. */
  #take(found: FoundSecret): void {
    const { stored } = found;
    const bundle = this.#bundleOf(found);
    if (bundle !== this.#bundle) {
      this.#bundle = bundle;
      this.#bundleKeeper.wake();
    }
    if (stored === undefined) return;
    const { certificate, key, expiresAt } = stored.serving;
    if (this.#served?.certificate === certificate && this.#served.key === key) return;
    this.#serve(stored.serving);
    this.#served = stored.serving;
    this.#log.info({ expiresAt }, 'serving another certificate');
  }

  /** While a Secret cannot be used, what was read before is served, and is to be trusted. */
  #bundleOf({ facts, stored }: FoundSecret): string | undefined {
    return facts.kind === 'damaged' || facts.kind === 'foreign' ? this.#bundle : stored?.bundle;
  }
}

/** A watch of the Secret's metadata alone: it only says that something happened. */
function followSecret(
  { connection, namespace, name, timings }: SecretCertificatesOptions,
  onChange: () => void,
  onError: (error: ApiError) => void,
): ResourceFollower<true> {
  return new ResourceFollower<true>({
    connection,
    resource: { ...secrets, versions: [secrets.version] },
    namespace,
    selector: { fields: `metadata.name=${name}` },
    metadataOnly: true,
    read: () => true,
    onReplace: onChange,
    onUpsert: onChange,
    onDelete: onChange,
    onError,
    onVersion: () => undefined,
    timings,
  });
}

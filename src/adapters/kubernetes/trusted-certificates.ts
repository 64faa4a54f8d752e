import type { Logger } from '../log.ts';
import type { CertificatePair } from '../tls/certificate-pair.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import { isForHost, readCertificates } from '../tls/pem-certificates.ts';
import { missingTrust } from './configuration-trust.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import type { Staleness } from './kubernetes-function-source.ts';
import type { FollowerTimings } from './resource-follower.ts';
import { WebhookConfigurations } from './webhook-configurations.ts';

export interface TrustedCertificatesOptions {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'getLines'>;
  readonly log: Logger;
  readonly timings?: Partial<FollowerTimings> | undefined;
}

/**
 * Certificates that somebody else keeps, and a `caBundle` that they keep as well:
 * here it is only seen to that API servers trust what is served.
 */
export class TrustedCertificates implements CertificateSource {
  readonly #certificates: CertificateSource;
  readonly #configurations: WebhookConfigurations;
  readonly #stop = new AbortController();
  #following: Promise<void> = Promise.resolve();

  constructor(certificates: CertificateSource, options: TrustedCertificatesOptions) {
    const { connection, log, timings } = options;
    this.#certificates = certificates;
    this.#configurations = new WebhookConfigurations({
      connection,
      // Asked for when somebody wants to know.
      onChange: () => undefined,
      onError: (error) => log.warn({ kind: error.kind }, error.message),
      // Who keeps caBundle sees to it; without a look at it, there is nothing to say.
      mayBeRefused: true,
      timings,
    });
  }

  async start(serve: (pair: CertificatePair) => void): Promise<void> {
    await this.#certificates.start(serve);
    this.#following = this.#configurations.run(this.#stop.signal);
  }

  missing(served: CertificatePair): readonly string[] {
    const chain = readCertificates(served.certificate);
    const [leaf] = chain;
    // Webhooks that call a host of another name are somebody else's to verify.
    const isOwnHost = (host: string): boolean => leaf !== undefined && isForHost(leaf, host);
    return [
      ...this.#certificates.missing(served),
      ...missingTrust(this.#configurations, chain, isOwnHost, new Date()),
    ];
  }

  staleness(): readonly Staleness[] {
    return [...this.#certificates.staleness(), ...this.#configurations.staleness()];
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#certificates.stop(), this.#following]);
  }
}

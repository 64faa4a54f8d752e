import type { X509Certificate } from 'node:crypto';
import { webhookConfigurationName } from '../../api/keys.ts';
import { readCertificates } from '../tls/pem-certificates.ts';
import { leadsTo } from '../tls/verify-chain.ts';
import { resourceName } from './api-resource.ts';
import type { WebhookConfigurations } from './webhook-configurations.ts';

/**
 * The configurations whose webhooks call us and do not trust a certificate. One
 * that is not there calls nobody: the server is installed first.
 *
 * @param chain the certificate, and what it is sent with
 * @param isOwnHost whether a webhook that calls a host calls us
 */
export function untrusting(
  { known }: Pick<WebhookConfigurations, 'known'>,
  chain: readonly X509Certificate[],
  isOwnHost: (host: string) => boolean,
  now: Date,
): string[] {
  return known
    .filter(({ webhooks }) =>
      webhooks.some(
        ({ host, caBundle }) =>
          host !== undefined &&
          isOwnHost(host) &&
          !leadsTo(chain, readCertificates(Buffer.from(caBundle, 'base64').toString()), now),
      ),
    )
    .map(({ resource }) => `${resourceName(resource)} ${webhookConfigurationName}`);
}

/** What `/readyz` says of trust that is missing, or not known yet. */
export function missingTrust(
  configurations: Pick<WebhookConfigurations, 'known' | 'missing'>,
  chain: readonly X509Certificate[],
  isOwnHost: (host: string) => boolean,
  now: Date,
): string[] {
  return [
    ...configurations.missing(),
    ...untrusting(configurations, chain, isOwnHost, now).map((name) => `caBundle of ${name}`),
  ];
}

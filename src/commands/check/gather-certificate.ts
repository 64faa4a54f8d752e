import type { X509Certificate } from 'node:crypto';
import type { ClusterLookUp } from '../../adapters/kubernetes/cluster-look-up.ts';
import { hostsOf, isForHost, readCertificates } from '../../adapters/tls/pem-certificates.ts';
import { leadsTo } from '../../adapters/tls/verify-chain.ts';
import { asText, at } from '../../api/json.ts';
import { type WebhookClient, webhookClients } from '../../rules/certificates/webhook-clients.ts';
import type { WebhookTrust } from '../../rules/check/ca-bundle.ts';
import { allFound, found, ifFound, type LookedUp, mapFound } from '../../rules/check/looked-up.ts';
import {
  ownConfiguration,
  type RegisteredConfiguration,
} from '../../rules/check/registered-webhook.ts';
import type { ServedCertificate } from '../../rules/check/served-certificate.ts';
import { resources } from './resources.ts';

export interface CertificateFacts {
  readonly certificate: LookedUp<ServedCertificate>;
  readonly trust: LookedUp<readonly WebhookTrust[]>;
}

interface Configurations {
  readonly mutating: LookedUp<readonly RegisteredConfiguration[]>;
  readonly validating: LookedUp<readonly RegisteredConfiguration[]>;
}

/** The serving certificate, and whether each webhook's `caBundle` trusts it. Keys are not looked at. */
export async function gatherCertificate(
  lookUp: ClusterLookUp,
  secret: { readonly namespace: string; readonly name: string | undefined },
  configurations: Configurations,
  now: Date,
): Promise<CertificateFacts> {
  const clients = clientsOf(configurations);
  const chain = await servedChain(lookUp, secret);
  const hosts = (ifFound(clients) ?? []).map(({ host }) => host);
  return {
    certificate: mapFound(chain, (read) => describe(read, hosts)),
    trust: mapFound(clients, (all) => all.map((one) => trustOf(one, ifFound(chain), now))),
  };
}

/** The certificate with what is served along with it; why there is none otherwise. */
type Chain = readonly X509Certificate[] | 'elsewhere' | 'no secret';

async function servedChain(
  lookUp: ClusterLookUp,
  { namespace, name }: { readonly namespace: string; readonly name: string | undefined },
): Promise<LookedUp<Chain>> {
  if (name === undefined) return found('elsewhere');
  const secret = await lookUp.get(resources.secrets, namespace, name);
  if (secret.kind !== 'found') return secret;
  if (secret.value === undefined) return found('no secret');
  const encoded = asText(at(secret.value, 'data', 'tls.crt')) ?? '';
  return found(readCertificates(decode(encoded)));
}

function describe(chain: Chain, hosts: readonly (string | undefined)[]): ServedCertificate {
  if (chain === 'elsewhere' || chain === 'no secret') return { kind: chain };
  const [leaf] = chain;
  if (leaf === undefined) return { kind: 'unreadable' };
  const called = [...new Set(hosts.filter((host) => host !== undefined))];
  return {
    kind: 'read',
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
    notAfter: leaf.validToDate.toISOString(),
    hosts: hostsOf(leaf),
    missingHosts: called.filter((host) => !isForHost(leaf, host)),
  };
}

function trustOf(
  { name, caBundle }: WebhookClient,
  chain: Chain | undefined,
  now: Date,
): WebhookTrust {
  const trusted = readCertificates(decode(caBundle));
  const [leaf] = typeof chain === 'object' ? chain : [];
  const state = trusted.length === 0 ? 'unreadable' : 'read';
  return {
    webhook: name,
    bundle: caBundle === '' ? 'empty' : state,
    expired: trusted.filter(({ validToDate }) => validToDate <= now).length,
    total: trusted.length,
    trusts:
      leaf === undefined || typeof chain !== 'object'
        ? undefined
        : leadsTo(chain, trusted, whileGood(leaf, now)),
    text: caBundle,
  };
}

/** That it has expired is a question of its own, and no matter of trust. */
function whileGood({ validToDate }: X509Certificate, now: Date): Date {
  return validToDate > now ? now : new Date(validToDate.getTime() - 1);
}

function clientsOf({ mutating, validating }: Configurations): LookedUp<readonly WebhookClient[]> {
  return mapFound(allFound({ mutating, validating }), (found) =>
    [ownConfiguration(found.mutating), ownConfiguration(found.validating)].flatMap((own) =>
      own === undefined ? [] : webhookClients({ webhooks: [...own.webhooks] }),
    ),
  );
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

import { asText, at, type JsonObject, objectsOf } from '../../api/json.ts';
import { webhookConfigurationName } from '../../api/keys.ts';
import { type PatchOperation, pointer } from '../json-patch.ts';
import { serviceHost } from './service-hosts.ts';

/** One webhook of a configuration, as far as trust is concerned. */
export interface WebhookClient {
  /** Where it stands in the list. */
  readonly index: number;
  readonly name: string;
  /** The name that API servers expect in the certificate; undefined when nothing says. */
  readonly host: string | undefined;
  /** What they verify it by: PEM in base64, empty when it is not set. */
  readonly caBundle: string;
}

/** Names of this project's webhooks end so; an admin's own, in the same configuration, have others. */
const nameEnd = `.${webhookConfigurationName}`;

/** This project's webhooks in a configuration, of either kind. */
export function webhookClients(configuration: JsonObject): WebhookClient[] {
  return objectsOf(configuration['webhooks']).flatMap(({ index, item }) => {
    const name = asText(item['name']);
    if (name === undefined || !name.endsWith(nameEnd)) return [];
    const caBundle = asText(at(item, 'clientConfig', 'caBundle')) ?? '';
    return [{ index, name, host: hostOf(item), caBundle }];
  });
}

/**
 * Brings the caBundle of webhooks to the wanted one, and changes nothing else.
 * Refused as a conflict when the configuration is another one by then.
 *
 * @param isOwnHost whether this project's certificate is for a host; webhooks that call others are left alone
 * @returns nothing when nothing differs
 */
export function caBundlePatch(
  configuration: JsonObject,
  caBundle: string,
  isOwnHost: (host: string) => boolean,
): { readonly webhooks: readonly WebhookClient[]; readonly patch: readonly PatchOperation[] } {
  const webhooks = webhookClients(configuration).filter(
    (client) => client.host !== undefined && isOwnHost(client.host) && client.caBundle !== caBundle,
  );
  if (webhooks.length === 0) return { webhooks, patch: [] };
  const version = asText(at(configuration, 'metadata', 'resourceVersion')) ?? '';
  return {
    webhooks,
    patch: [
      { op: 'replace', path: pointer('metadata', 'resourceVersion'), value: version },
      ...webhooks.map(
        ({ index }): PatchOperation => ({
          // Also replaces one that is there.
          op: 'add',
          path: pointer('webhooks', index, 'clientConfig', 'caBundle'),
          value: caBundle,
        }),
      ),
    ],
  };
}

function hostOf(webhook: JsonObject): string | undefined {
  const name = asText(at(webhook, 'clientConfig', 'service', 'name'));
  const namespace = asText(at(webhook, 'clientConfig', 'service', 'namespace'));
  if (name !== undefined && namespace !== undefined) return serviceHost(name, namespace);
  const url = asText(at(webhook, 'clientConfig', 'url'));
  return url === undefined ? undefined : hostOfUrl(url);
}

/** The host between `//` and a port or a path; an IPv6 address without its brackets. */
function hostOfUrl(url: string): string | undefined {
  const [, bracketed, plain] = /^https:\/\/(?:\[([^\]]+)\]|([^/:?#]+))/i.exec(url) ?? [];
  return (bracketed ?? plain)?.toLowerCase();
}

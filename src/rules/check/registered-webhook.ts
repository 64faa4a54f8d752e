import { asText, at, type JsonObject, objectsOf } from '../../api/json.ts';
import { webhookConfigurationName } from '../../api/keys.ts';
import { type NeededWebhook, neededWebhooks } from './needed-webhooks.ts';

/** Names of this project's webhooks end so. */
const nameEnd = `.${webhookConfigurationName}`;

/** A webhook configuration that API servers go by. */
export interface RegisteredConfiguration {
  readonly name: string;
  readonly webhooks: readonly JsonObject[];
}

export function readConfiguration(object: JsonObject): RegisteredConfiguration {
  return {
    name: asText(at(object, 'metadata', 'name')) ?? '',
    webhooks: objectsOf(object['webhooks']).map(({ item }) => item),
  };
}

/** Whether a configuration registers this project, whatever somebody has called it. */
export function isOwn({ name, webhooks }: RegisteredConfiguration): boolean {
  return name === webhookConfigurationName || webhooks.some((one) => isOwnName(one['name']));
}

function isOwnName(name: unknown): boolean {
  return typeof name === 'string' && name.endsWith(nameEnd);
}

/**
 * The configuration that counts as ours: the one of the right name, else the
 * first in the order in which API servers call them.
 */
export function ownConfiguration(
  all: readonly RegisteredConfiguration[],
): RegisteredConfiguration | undefined {
  const own = all.filter(isOwn).toSorted(byName);
  return own.find(({ name }) => name === webhookConfigurationName) ?? own[0];
}

export function byName(
  left: Pick<RegisteredConfiguration, 'name'>,
  right: Pick<RegisteredConfiguration, 'name'>,
): number {
  if (left.name === right.name) return 0;
  return left.name < right.name ? -1 : 1;
}

/** Both configurations, as far as they are known. */
export interface Registration {
  readonly mutating: readonly RegisteredConfiguration[];
  readonly validating: readonly RegisteredConfiguration[];
}

/** A webhook as it is registered; undefined where it is not. */
export function registeredWebhook(
  registration: Registration,
  needed: NeededWebhook,
): JsonObject | undefined {
  return ownConfiguration(registration[needed.configuration])?.webhooks.find(
    ({ name }) => name === needed.name,
  );
}

/** This project's webhooks that are registered, each with what it is needed for. */
export function registeredWebhooks(
  registration: Registration,
): { readonly needed: NeededWebhook; readonly webhook: JsonObject }[] {
  return neededWebhooks.flatMap((needed) => {
    const webhook = registeredWebhook(registration, needed);
    return webhook === undefined ? [] : [{ needed, webhook }];
  });
}

/** Whether every registered webhook of this project is called at a URL, as one that runs outside the cluster is. */
export function isCalledByUrl(registration: Registration): boolean {
  const registered = registeredWebhooks(registration);
  return (
    registered.length > 0 &&
    registered.every(({ webhook }) => asText(at(webhook, 'clientConfig', 'url')) !== undefined)
  );
}

import { at, type JsonObject } from '../../api/json.ts';
import { webhookConfigurationName } from '../../api/keys.ts';
import { type WebhookClient, webhookClients } from '../../rules/certificates/webhook-clients.ts';
import type { ApiError } from './api-error.ts';
import { type ApiResource, collectionPath, resourceName } from './api-resource.ts';
import type { Backoff } from './backoff.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import type { Staleness } from './kubernetes-function-source.ts';
import { type FollowerTimings, ResourceFollower } from './resource-follower.ts';

const group = 'admissionregistration.k8s.io';
const version = 'v1';

/** Both kinds; ours have one name. */
const resources: readonly ApiResource[] = [
  {
    group,
    version,
    plural: 'mutatingwebhookconfigurations',
    kind: 'MutatingWebhookConfiguration',
  },
  {
    group,
    version,
    plural: 'validatingwebhookconfigurations',
    kind: 'ValidatingWebhookConfiguration',
  },
];

/** Whether a right that was refused is granted meanwhile is asked for less and less often. */
const refusedBackoff: Backoff = { firstMs: 500, maxMs: 60_000 };

/** A configuration that is there, as far as trust is concerned. */
export interface KnownConfiguration {
  readonly resource: ApiResource;
  readonly webhooks: readonly WebhookClient[];
}

export interface WebhookConfigurationsOptions {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'getLines'>;
  readonly onChange: () => void;
  readonly onError: (error: ApiError) => void;
  /** Whether it is no harm when an admin does not let this project see them. */
  readonly mayBeRefused?: boolean;
  readonly timings?: Partial<FollowerTimings> | undefined;
}

/** Path of this project's configuration of a kind. */
export function configurationPath(resource: ApiResource): string {
  return `${collectionPath(resource)}/${webhookConfigurationName}`;
}

/** This project's two webhook configurations, followed by name. */
export class WebhookConfigurations {
  readonly #followers: readonly {
    readonly resource: ApiResource;
    readonly follower: ResourceFollower<readonly WebhookClient[]>;
  }[];
  readonly #webhooks = new Map<ApiResource, readonly WebhookClient[]>();
  readonly #refused = new Set<ApiResource>();

  constructor(options: WebhookConfigurationsOptions) {
    this.#followers = resources.map((resource) => ({
      resource,
      follower: this.#follower(resource, options),
    }));
  }

  /** Follows until the signal aborts; resolves when everything is closed. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#followers.map(({ follower }) => follower.run(signal)));
  }

  /** Those that are there, as far as is known. */
  get known(): readonly KnownConfiguration[] {
    return resources.flatMap((resource) => {
      const webhooks = this.#webhooks.get(resource);
      return webhooks === undefined ? [] : [{ resource, webhooks }];
    });
  }

  /** Kinds of which it is not known yet whether there is one. */
  missing(): string[] {
    return this.#followers
      .filter(({ resource, follower }) => !follower.isSynced && !this.#refused.has(resource))
      .map(({ resource }) => resourceName(resource));
  }

  staleness(): Staleness[] {
    return this.#followers
      .filter(({ resource }) => !this.#refused.has(resource))
      .map(({ resource, follower }) => ({
        resource: resourceName(resource),
        seconds: follower.staleMs() / 1000,
      }));
  }

  #follower(
    resource: ApiResource,
    { connection, onChange, onError, mayBeRefused, timings }: WebhookConfigurationsOptions,
  ): ResourceFollower<readonly WebhookClient[]> {
    const keep = (webhooks: readonly WebhookClient[] | undefined): void => {
      if (webhooks === undefined) this.#webhooks.delete(resource);
      else this.#webhooks.set(resource, webhooks);
      onChange();
    };
    return new ResourceFollower<readonly WebhookClient[]>({
      connection,
      resource: { ...resource, versions: [resource.version] },
      selector: { fields: `metadata.name=${webhookConfigurationName}` },
      read: readOwn,
      onReplace: ([webhooks]) => {
        // Until it is listed: other trouble in between does not mean that it is granted.
        this.#refused.delete(resource);
        keep(webhooks);
      },
      onUpsert: keep,
      onDelete: () => keep(undefined),
      onError: (error) => {
        if (mayBeRefused === true && error.kind === 'forbidden') this.#refused.add(resource);
        onError(error);
      },
      onVersion: () => undefined,
      timings: mayBeRefused === true ? { ...timings, backoff: refusedBackoff } : timings,
    });
  }
}

/** A server that does not understand the selector would send others as well. */
function readOwn(object: JsonObject): readonly WebhookClient[] | undefined {
  const isOwn = at(object, 'metadata', 'name') === webhookConfigurationName;
  return isOwn ? webhookClients(object) : undefined;
}

import type { JsonObject } from '../../api/json.ts';
import type { ApiError } from './api-error.ts';
import { resourceName } from './api-resource.ts';
import type { Backoff } from './backoff.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';
import type { ObjectSelector } from './reflector.ts';
import { type FollowerTimings, ResourceFollower } from './resource-follower.ts';
import type { VersionedResource } from './served-version.ts';

/** What is to be followed of a resource, and who is told. */
export interface ResourceToFollow<Item> {
  readonly resource: VersionedResource;
  /** Which objects, in words. */
  readonly what: string;
  /** Whether it is right that an admin does not let this project see it. */
  readonly mayBeRefused?: boolean;
  readonly selector: ObjectSelector;
  readonly metadataOnly: boolean;
  readonly read: (object: JsonObject) => Item | undefined;
  readonly onReplace: (items: Item[]) => void;
  readonly onUpsert: (item: Item) => void;
  readonly onDelete: (namespace: string, name: string, uid: string) => void;
}

/** One watch. */
export interface FollowedResource {
  /** For people: the resource, and what of it. */
  readonly resource: string;
  /** Whether an admin does not let this project see it, and need not. */
  readonly isRefused: () => boolean;
  readonly follower: Pick<ResourceFollower<unknown>, 'run' | 'isSynced' | 'staleMs'>;
}

/** How every resource is followed. */
export interface FollowOptions {
  readonly connection: Pick<KubernetesConnection, 'getJson' | 'getLines'>;
  readonly onError: (error: ApiError) => void;
  readonly timings?: Partial<FollowerTimings> | undefined;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: (() => number) | undefined;
}

/** Whether a right that was refused is granted meanwhile is asked for less and less often. */
const refusedBackoff: Backoff = { firstMs: 500, maxMs: 60_000 };

/** A watch that begins when its follower is run. A right that an admin need not grant is no error. */
export function followResource<Item>(
  { connection, onError, timings, now }: FollowOptions,
  { resource, what, mayBeRefused = false, onReplace, ...rest }: ResourceToFollow<Item>,
): FollowedResource {
  // Until it is listed: other trouble in between does not mean that it is granted.
  let isRefused = false;
  const follower = new ResourceFollower<Item>({
    ...rest,
    connection,
    resource,
    onReplace: (items) => {
      isRefused = false;
      onReplace(items);
    },
    onError: (error) => {
      if (mayBeRefused && error.kind === 'forbidden') isRefused = true;
      else onError(error);
    },
    onVersion: () => undefined,
    timings: { ...timings, ...(mayBeRefused ? { backoff: refusedBackoff } : {}) },
    now,
  });
  return {
    resource: `${resourceName(resource)} (${what})`,
    isRefused: () => isRefused,
    follower,
  };
}

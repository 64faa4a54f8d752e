import { asText, objectsOf } from '../../api/json.ts';
import { ApiError } from './api-error.ts';
import { versionPath } from './api-resource.ts';
import type { KubernetesConnection } from './kubernetes-connection.ts';

/** A resource in whichever of its versions the API server has. */
export interface VersionedResource {
  readonly group: string;
  /** Versions that are understood, best first. */
  readonly versions: readonly string[];
  readonly plural: string;
  readonly kind: string;
}

/**
 * The best version in which the API server serves a resource; undefined when it
 * serves none, because its definition is not installed.
 */
export async function servedVersion(
  connection: Pick<KubernetesConnection, 'getJson'>,
  { group, versions, plural }: VersionedResource,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const version of versions) {
    try {
      const list = await connection.getJson(versionPath({ group, version }), { signal });
      const names = objectsOf(list['resources']).map(({ item }) => asText(item['name']));
      if (names.includes(plural)) return version;
    } catch (error) {
      const isUnknownVersion = error instanceof ApiError && error.kind === 'not-found';
      if (!isUnknownVersion) throw error;
    }
  }
  return undefined;
}

/** A kind of object as an API server serves it in one version. */
export interface ApiResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Name in paths, e.g. `functions`. */
  readonly plural: string;
  readonly kind: string;
}

/** Path of the version that serves a resource: where its siblings are listed. */
export function versionPath({ group, version }: Pick<ApiResource, 'group' | 'version'>): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** Path to list or watch a resource, in one namespace or in all. */
export function collectionPath(resource: ApiResource, namespace?: string): string {
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${versionPath(resource)}${scope}/${resource.plural}`;
}

/** Path of one object. */
export function objectPath(resource: ApiResource, namespace: string, name: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

/** What `kubectl` calls it, e.g. `functions.core.openfunction.io`. */
export function resourceName({ group, plural }: Pick<ApiResource, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** What an object says it is: `apiVersion`. */
export function apiVersionOf({ group, version }: Pick<ApiResource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/** What an `apiVersion` says: the group, empty for the core group, and the version. */
export function splitApiVersion(apiVersion: string): Pick<ApiResource, 'group' | 'version'> {
  const [left = '', right] = apiVersion.split('/', 2);
  return right === undefined ? { group: '', version: left } : { group: left, version: right };
}

/**
 * Whether an object can have this name, or a namespace can. Names come from
 * labels of Pods that nobody has validated yet, and go into paths, where `..`
 * would ask for something else.
 */
export function isObjectName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(name);
}

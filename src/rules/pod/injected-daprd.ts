import {
  asObject,
  asPort,
  asText,
  at,
  type Json,
  type JsonObject,
  objectsOf,
} from '../../api/json.ts';
import {
  DaprAnnotation,
  DaprLabel,
  daprdContainer,
  daprVolumes,
  EnvVar,
  Port,
} from '../../api/keys.ts';
import { type PatchOperation, patchAppend, patchRemoveIndexes, pointer } from '../json-patch.ts';

/** What Dapr's sidecar injector left in a Pod, by index, and how to take it out again. */
export interface InjectedDaprd {
  /** Indexes in `spec.containers` of daprd itself. */
  readonly containers: readonly number[];
  /** Labels that the injector wrote. */
  readonly labels: readonly string[];
  /** Values that the injector wrote into application containers, by variable name. */
  readonly env: ReadonlyMap<string, string>;
  /** Whether the injector puts in another one when this one is taken out of a Pod that wants one. */
  readonly isReplaceable: boolean;
}

/** Where a container finds the token of the Pod's ServiceAccount. */
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';

/** API servers call the volume with the token so, and a few random characters. */
const tokenVolumePrefix = 'kube-api-access-';

/** What the injector takes for the protocol of an app whose Pod does not say. */
const defaultAppProtocol = 'http';

/**
 * Finds a daprd that Dapr's injector put into a Pod before this webhook saw it:
 * a container, or a native-sidecar init container, of that name. The injector
 * itself goes by the name alone.
 *
 * A Pod whose only container is called daprd was not injected, and removing it
 * would leave a Pod that the API server refuses.
 */
export function findInjectedDaprd(pod: JsonObject): InjectedDaprd | undefined {
  const isDaprd = ({ item }: { item: JsonObject }): boolean => item['name'] === daprdContainer;
  const all = objectsOf(at(pod, 'spec', 'containers'));
  const containers = all.filter(isDaprd);
  const native = objectsOf(at(pod, 'spec', 'initContainers')).filter(isDaprd);
  const daprd = containers[0] ?? native[0];
  if (daprd === undefined || containers.length === all.length) return undefined;
  const grpcPort = objectsOf(daprd.item['ports']).find(({ item }) => item['name'] === 'dapr-grpc');
  const protocol = asText(at(pod, 'metadata', 'annotations', DaprAnnotation.appProtocol));
  return {
    containers: containers.map(({ index }) => index),
    labels: Object.values(DaprLabel),
    env: new Map([
      [EnvVar.daprHttpPort, String(Port.daprHttp)],
      [EnvVar.daprGrpcPort, String(asPort(grpcPort?.item['containerPort']) ?? Port.daprGrpc)],
      [EnvVar.appProtocol, protocol?.toLowerCase() ?? defaultAppProtocol],
    ]),
    isReplaceable: isReplaceable(pod, daprd.item),
  };
}

/**
 * An API server calls the injector once more since Dapr 1.11, which is also the
 * first that writes the label looked for here; an older one would leave the Pod
 * without any daprd. A daprd with a token is from an earlier round, so that this is
 * the last. Containers of pluggable components, which stay, would be added twice.
 */
function isReplaceable(pod: JsonObject, daprd: JsonObject): boolean {
  const { annotations, labels } = asObject(at(pod, 'metadata')) ?? {};
  return (
    at(labels, DaprLabel.metricsEnabled) !== undefined &&
    asText(at(annotations, DaprAnnotation.enabled))?.toLowerCase() === 'true' &&
    at(annotations, DaprAnnotation.injectPluggableComponents) === undefined &&
    !hasTokenMount(daprd)
  );
}

/**
 * Operations that give daprd the token of the Pod's ServiceAccount, as a container
 * beside it has it. API servers mount it before they call webhooks, and so never
 * into a daprd of the second round; without it daprd cannot open the secret store
 * of the cluster, and ends.
 */
export function mountToken(pod: JsonObject): PatchOperation[] {
  const volume = objectsOf(at(pod, 'spec', 'containers'))
    .flatMap(({ item }) => objectsOf(item['volumeMounts']))
    .filter(({ item }) => item['mountPath'] === tokenPath)
    .map(({ item }) => asText(item['name']))
    .find((name) => name?.startsWith(tokenVolumePrefix));
  if (volume === undefined) return [];
  const mount = { name: volume, readOnly: true, mountPath: tokenPath };
  return ['containers', 'initContainers'].flatMap((field) =>
    objectsOf(at(pod, 'spec', field))
      .filter(({ item }) => item['name'] === daprdContainer && !hasTokenMount(item))
      .flatMap(({ index, item }) => {
        const path = pointer('spec', field, index, 'volumeMounts');
        return patchAppend(item['volumeMounts'], path, [mount]);
      }),
  );
}

function hasTokenMount(container: JsonObject): boolean {
  return objectsOf(container['volumeMounts']).some(({ item }) => item['mountPath'] === tokenPath);
}

/**
 * Operations on `spec` that take the injected daprd out: mounts of its volumes
 * from every container, the environment it brought, its volumes, and itself.
 *
 * @param keep says which of the variables that it brought are wanted as they are
 */
export function removeInjectedDaprd(
  pod: JsonObject,
  injected: InjectedDaprd,
  keep: (containerIndex: number, variable: JsonObject) => boolean,
): PatchOperation[] {
  const spec = asObject(at(pod, 'spec'));
  const operations: PatchOperation[] = [];
  for (const field of ['containers', 'initContainers'] as const) {
    for (const { index, item } of objectsOf(spec?.[field])) {
      if (item['name'] === daprdContainer) continue;
      const path = `/spec/${field}/${index}`;
      operations.push(...removeMounts(item['volumeMounts'], `${path}/volumeMounts`));
      if (field === 'containers') {
        operations.push(...removeEnv(item['env'], `${path}/env`, injected, index, keep));
      }
    }
  }
  const indexesOf = (list: Json | undefined, matches: (name: string) => boolean): number[] =>
    objectsOf(list)
      .filter(({ item }) => matches(asText(item['name']) ?? ''))
      .map(({ index }) => index);
  const isDaprd = (name: string): boolean => name === daprdContainer;
  operations.push(
    ...patchRemoveIndexes(
      '/spec/volumes',
      indexesOf(spec?.['volumes'], (name) => daprVolumes.has(name)),
    ),
    ...patchRemoveIndexes('/spec/containers', injected.containers),
    ...patchRemoveIndexes('/spec/initContainers', indexesOf(spec?.['initContainers'], isDaprd)),
  );
  return operations;
}

function removeMounts(mounts: Json | undefined, path: string): PatchOperation[] {
  const indexes = objectsOf(mounts)
    .filter(({ item }) => daprVolumes.has(asText(item['name']) ?? ''))
    .map(({ index }) => index);
  return patchRemoveIndexes(path, indexes);
}

function removeEnv(
  env: Json | undefined,
  path: string,
  injected: InjectedDaprd,
  containerIndex: number,
  keep: (containerIndex: number, variable: JsonObject) => boolean,
): PatchOperation[] {
  const brought = injectedVariables(env, injected);
  const indexes = objectsOf(env)
    .filter(({ index, item }) => brought.has(index) && !keep(containerIndex, item))
    .map(({ index }) => index);
  return patchRemoveIndexes(path, indexes);
}

/**
 * Indexes of the variables that the injector brought into a container.
 *
 * It appends the two ports and then APP_PROTOCOL, each whose name is free. A port
 * cannot be told from a user's of the same value. An APP_PROTOCOL can: only the
 * injector's follows a port that is the injector's.
 */
export function injectedVariables(
  env: Json | undefined,
  injected: InjectedDaprd,
): ReadonlySet<number> {
  const indexes = new Set<number>();
  for (const { index, item } of objectsOf(env)) {
    const name = asText(item['name']) ?? '';
    const value = injected.env.get(name);
    if (value === undefined || item['value'] !== value) continue;
    if (name !== EnvVar.appProtocol || indexes.has(index - 1)) indexes.add(index);
  }
  return indexes;
}

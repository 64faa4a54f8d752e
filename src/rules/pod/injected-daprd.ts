import {
  asObject,
  asPort,
  asText,
  at,
  type Json,
  type JsonObject,
  objectsOf,
} from '../../api/json.ts';
import { DaprLabel, daprdContainer, daprVolumes, EnvVar, Port } from '../../api/keys.ts';
import { type PatchOperation, patchRemoveIndexes } from '../json-patch.ts';

/** What Dapr's sidecar injector left in a Pod, by index, and how to take it out again. */
export interface InjectedDaprd {
  /** Indexes in `spec.containers` of daprd itself. */
  readonly containers: readonly number[];
  /** Labels that the injector wrote. */
  readonly labels: readonly string[];
  /** Values that the injector wrote into application containers, by variable name. */
  readonly env: ReadonlyMap<string, string>;
}

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
  return {
    containers: containers.map(({ index }) => index),
    labels: Object.values(DaprLabel),
    env: new Map([
      [EnvVar.daprHttpPort, String(Port.daprHttp)],
      [EnvVar.daprGrpcPort, String(asPort(grpcPort?.item['containerPort']) ?? Port.daprGrpc)],
    ]),
  };
}

/**
 * Operations on `spec` that take the injected daprd out: mounts of its volumes
 * from every container, the environment it brought, its volumes, and itself.
 *
 * Environment variables cannot be told from a user's of the same value; `keep`
 * says which of them are wanted as they are.
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
  const indexes = objectsOf(env)
    .filter(({ item }) => isInjectedVariable(item, injected) && !keep(containerIndex, item))
    .map(({ index }) => index);
  return patchRemoveIndexes(path, indexes);
}

/** Whether a variable has the name and the value that the injector writes. */
export function isInjectedVariable(variable: JsonObject, injected: InjectedDaprd): boolean {
  const value = injected.env.get(asText(variable['name']) ?? '');
  return value !== undefined && variable['value'] === value;
}

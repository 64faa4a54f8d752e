import { asText, at, type JsonObject, objectsOf } from '../../api/json.ts';
import {
  BaasAnnotation,
  functionContainerName,
  knativeContainerName,
  sidecarContainers,
} from '../../api/keys.ts';

export interface FunctionContainer {
  /** Index in `spec.containers`. */
  readonly index: number;
  readonly container: JsonObject;
  /** True when nothing told and the first container was taken. */
  readonly isGuess: boolean;
}

/**
 * Finds the container that runs the function (behaviour: words).
 *
 * @param isRemoved whether the container of an index is about to be removed
 * @returns undefined for a Pod without containers
 */
export function findFunctionContainer(
  pod: JsonObject,
  isRemoved: (index: number) => boolean,
): FunctionContainer | undefined {
  const containers = objectsOf(at(pod, 'spec', 'containers')).filter(
    ({ index }) => !isRemoved(index),
  );
  const named = (name: string | undefined) =>
    name === undefined ? undefined : containers.find(({ item }) => item['name'] === name);
  const annotated = asText(at(pod, 'metadata', 'annotations', BaasAnnotation.functionContainer));
  const known = named(functionContainerName) ?? named(annotated) ?? named(knativeContainerName);
  if (known !== undefined) return { index: known.index, container: known.item, isGuess: false };

  const candidates = containers.filter(
    ({ item }) => !sidecarContainers.has(asText(item['name']) ?? ''),
  );
  const first = candidates[0] ?? containers[0];
  if (first === undefined) return undefined;
  return { index: first.index, container: first.item, isGuess: candidates.length !== 1 };
}

import { asObject, asText, type JsonObject, objectsOf } from './json.ts';
import { functionGroup, OpenFunctionLabel } from './keys.ts';

/** What the rules need to know of an OpenFunction Serving. */
export interface ServingReference {
  readonly name: string;
  readonly namespace: string;
  /** The Function it serves: by its label, failing that by its owner. */
  readonly function: string | undefined;
}

/** Reads an OpenFunction Serving; undefined for any other object. */
export function readServing(object: JsonObject, namespace: string): ServingReference | undefined {
  if (object['kind'] !== 'Serving') return undefined;
  if (!asText(object['apiVersion'])?.startsWith(`${functionGroup}/`)) return undefined;
  const metadata = asObject(object['metadata']);
  const owner = objectsOf(metadata?.['ownerReferences'])
    .map(({ item }) => item)
    .find(
      (reference) =>
        reference['kind'] === 'Function' &&
        asText(reference['apiVersion'])?.startsWith(`${functionGroup}/`),
    );
  return {
    name: asText(metadata?.['name']) ?? '',
    namespace: asText(metadata?.['namespace']) ?? namespace,
    function:
      asText(asObject(metadata?.['labels'])?.[OpenFunctionLabel.function]) ??
      asText(owner?.['name']),
  };
}

import { parseAllDocuments } from 'yaml';
import { at, type JsonObject } from '../../src/api/json.ts';
import { readDocument } from './source-tree.ts';

/** The objects that `kubectl apply -f manifests/install.yaml` makes, in its order. */
export function installObjects(): JsonObject[] {
  return parseAllDocuments(readDocument('manifests/install.yaml'))
    .map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0];
      return document.toJS() as JsonObject | null;
    })
    .filter((object) => object !== null);
}

/** Those of a kind. */
export function installObjectsOf(kind: string): JsonObject[] {
  return installObjects().filter((object) => object['kind'] === kind);
}

/** The only one of a kind. */
export function installObject(kind: string): JsonObject {
  const [only, ...others] = installObjectsOf(kind);
  if (only === undefined || others.length > 0) throw new Error(`not one ${kind}`);
  return only;
}

/** `Kind/name`. */
export function titleOf(object: JsonObject): string {
  return `${object['kind']}/${at(object, 'metadata', 'name')}`;
}

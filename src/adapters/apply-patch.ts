import fastJsonPatch, { type Operation } from 'fast-json-patch';
import type { JsonObject } from '../api/json.ts';
import type { PatchOperation } from '../rules/json-patch.ts';

/**
 * What an API server makes of an object and a patch; the object is not changed.
 *
 * @throws when the patch does not fit the object
 */
export function applyPatch(object: JsonObject, patch: readonly PatchOperation[]): JsonObject {
  const operations = structuredClone(patch) as Operation[];
  return fastJsonPatch.applyPatch(structuredClone(object), operations, true).newDocument;
}

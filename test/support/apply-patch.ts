import jsonPatch, { type Operation } from 'fast-json-patch';
import type { JsonObject } from '../../src/api/json.ts';
import type { PatchOperation } from '../../src/rules/json-patch.ts';

/**
 * What an API server makes of an object and a patch. Every operation has to be
 * valid RFC 6902 for the object it meets, and the object given is not changed.
 */
export function applyPatch(object: JsonObject, patch: readonly PatchOperation[]): JsonObject {
  const copy = jsonPatch.deepClone(object) as JsonObject;
  const operations = jsonPatch.deepClone(patch) as Operation[];
  const isValidated = true;
  return jsonPatch.applyPatch(copy, operations, isValidated).newDocument;
}

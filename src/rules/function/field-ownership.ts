import { asObject, asText, at, type JsonObject, objectsOf } from '../../api/json.ts';
import { lastAppliedAnnotation } from '../../api/keys.ts';

/**
 * Whether an annotation under `spec.serving.annotations` is the user's own, or a
 * default that this webhook once wrote (behaviour: function admission).
 *
 * Fields that a mutating webhook adds are owned by no manager, under client-side
 * and under server-side apply, and stay through a re-apply. So a value is the
 * user's when a `metadata.managedFields` entry owns it. An object without any
 * managedFields tells nothing; its values count as the user's.
 *
 * One case escapes managedFields: a manifest that states just the value that was
 * defaulted before changes nothing in the object, so that client-side apply
 * takes no ownership. `kubectl apply` records such a manifest in its
 * last-applied annotation, and that counts as owning the value, too.
 */
export function isOwnedByUser(object: JsonObject, annotation: string, value: string): boolean {
  const metadata = asObject(object['metadata']);
  const managers = objectsOf(metadata?.['managedFields']);
  if (managers.length === 0) return true;
  const isManaged = managers.some(({ item }) =>
    Object.hasOwn(
      asObject(at(item, 'fieldsV1', 'f:spec', 'f:serving', 'f:annotations')) ?? {},
      `f:${annotation}`,
    ),
  );
  return isManaged || lastAppliedStates(metadata, annotation, value);
}

function lastAppliedStates(
  metadata: JsonObject | undefined,
  annotation: string,
  value: string,
): boolean {
  const manifest = asText(at(metadata, 'annotations', lastAppliedAnnotation));
  if (manifest === undefined) return false;
  try {
    return at(JSON.parse(manifest), 'spec', 'serving', 'annotations', annotation) === value;
  } catch {
    // Written by kubectl, editable by anybody: what cannot be read states nothing.
    return false;
  }
}

import { asObject, at, type JsonObject } from '../../api/json.ts';
import { CommonLabel, ownKeyDomains } from '../../api/keys.ts';
import { quote } from '../function/problem.ts';
import { type KeyValues, readAnnotations, readLabels } from './key-values.ts';
import type { Reading } from './reading.ts';

/** Labels and annotations that an admin or a user wants on the objects of a proxy. */
export interface ExtraMetadata {
  readonly labels: KeyValues;
  readonly annotations: KeyValues;
}

/** Reads labels that may be added to a proxy's objects. */
export function readExtraLabels(members: readonly string[]): Reading<KeyValues> {
  const written: readonly string[] = Object.values(CommonLabel);
  return withoutOwnKeys(readLabels(members), (key) => isOwnKey(key) || written.includes(key));
}

/** Reads annotations that may be added to a proxy's objects. */
export function readExtraAnnotations(members: readonly string[]): Reading<KeyValues> {
  return withoutOwnKeys(readAnnotations(members), isOwnKey);
}

/**
 * Some of these keys would not merely be overwritten: with the label of its
 * Function a proxy is sent its own events, with Dapr's it gets no daprd.
 */
function isOwnKey(key: string): boolean {
  const [prefix = ''] = key.toLowerCase().split('/', 1);
  return ownKeyDomains.some((domain) => prefix === domain || prefix.endsWith(`.${domain}`));
}

function withoutOwnKeys(
  reading: Reading<KeyValues>,
  isOwn: (key: string) => boolean,
): Reading<KeyValues> {
  const own = 'value' in reading ? Object.keys(reading.value).find(isOwn) : undefined;
  return own === undefined
    ? reading
    : { problem: `${quote(own)} is for OpenFunction, Dapr and this project to write` };
}

/**
 * An object with the extra labels and annotations beside its own, which win; a
 * Deployment's pods get them as well. Selectors stay as they are.
 */
export function withExtraMetadata(object: JsonObject, extra: ExtraMetadata): JsonObject {
  const extended = extend(object, extra);
  const template = asObject(at(object, 'spec', 'template'));
  if (object['kind'] !== 'Deployment' || template === undefined) return extended;
  const spec = { ...asObject(object['spec']), template: extend(template, extra) };
  return { ...extended, spec };
}

function extend(object: JsonObject, { labels, annotations }: ExtraMetadata): JsonObject {
  const metadata = asObject(object['metadata']);
  return {
    ...object,
    metadata: {
      ...metadata,
      ...merged('labels', labels, metadata),
      ...merged('annotations', annotations, metadata),
    },
  };
}

/** A member of `metadata`; none at all where it would be empty. */
function merged(
  member: 'labels' | 'annotations',
  extra: KeyValues,
  metadata: JsonObject | undefined,
): JsonObject {
  const values = { ...extra, ...asObject(metadata?.[member]) };
  return Object.keys(values).length === 0 ? {} : { [member]: values };
}

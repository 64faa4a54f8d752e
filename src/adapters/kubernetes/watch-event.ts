import { asObject, asText, at, type JsonObject } from '../../api/json.ts';
import { ApiError, statusError } from './api-error.ts';

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: 'upsert' | 'delete'; readonly object: JsonObject; readonly version: string }
  /** Only tells how far we are. */
  | { readonly type: 'bookmark'; readonly version: string }
  | { readonly type: 'error'; readonly error: ApiError };

const types: ReadonlyMap<unknown, 'upsert' | 'delete' | 'bookmark'> = new Map([
  ['ADDED', 'upsert'],
  ['MODIFIED', 'upsert'],
  ['DELETED', 'delete'],
  ['BOOKMARK', 'bookmark'],
]);

/** Reads a line of a watch. One that cannot be read is an error event, since any change may have been in it. */
export function readWatchEvent(line: string): WatchEvent {
  let event: JsonObject | undefined;
  try {
    event = asObject(JSON.parse(line));
  } catch {
    event = undefined;
  }
  const object = asObject(event?.['object']);
  if (event?.['type'] === 'ERROR') {
    const status = at(object, 'code');
    return { type: 'error', error: statusError(typeof status === 'number' ? status : 500, object) };
  }
  const type = types.get(event?.['type']);
  const version = asText(at(object, 'metadata', 'resourceVersion'));
  if (type === undefined || object === undefined || version === undefined) {
    return { type: 'error', error: new ApiError('malformed', 'a line of the watch is no event') };
  }
  return type === 'bookmark' ? { type, version } : { type, object, version };
}

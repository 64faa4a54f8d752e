import { at, type JsonObject, jsonEquals } from '../../../src/api/json.ts';

/** Limit of a note, in bytes: what Go calls the length of a string. */
const noteLimit = 1024;

/** Members that stay what they were when the Event was made. */
const immutable = [
  ...['regarding', 'reason', 'note', 'type', 'eventTime', 'action', 'related'],
  ...['reportingController', 'reportingInstance'],
];

/** What API servers refuse about an `events.k8s.io/v1` Event, as far as this project could do it. */
export function eventProblem(
  event: JsonObject,
  before: JsonObject | undefined,
): string | undefined {
  if (Buffer.byteLength(String(event['note'] ?? '')) > noteLimit) {
    return `message: Invalid value: "": can have at most ${noteLimit} characters`;
  }
  if (before !== undefined) {
    const changed = immutable.find((member) => !jsonEquals(event[member], before[member]));
    if (changed !== undefined) return `${changed}: Invalid value: "": field is immutable`;
  }
  if (event['series'] === undefined) return undefined;
  if (Number(at(event, 'series', 'count')) < 2) return 'series.count: should be at least 2';
  return at(event, 'series', 'lastObservedTime') === undefined
    ? 'series.lastObservedTime: Required value'
    : undefined;
}

import { asString, at, objectsOf, own } from '../../api/json.ts';

/**
 * What a pod's HTTP answer means to daprd, and which of them daprd must not hear
 * (Dapr's `postman/http`, `processor/binding`).
 */

/** What an answer says of an event; see `Verdict` of the proxy. */
export type EventVerdict = 'success' | 'retry' | 'drop' | 'error';

export function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** daprd takes a topic event that is answered so for done, and forgets it. */
export function forgetsTopicEvent(status: number): boolean {
  return status === 404;
}

/**
 * The verdict on one topic event. An empty body, or one that is no JSON, is a success
 * to daprd; a status that it does not know is a retry.
 */
export function topicVerdict(status: number, body: string): EventVerdict {
  if (!isSuccess(status)) return 'error';
  const said = at(parse(body), 'status');
  return said === undefined || said === null ? 'success' : verdictOf(asString(said));
}

/**
 * The verdict on a bulk of topic events: the worst of its entries. Without a status an
 * entry is a retry, and so are all where the body cannot be read.
 */
export function bulkVerdict(status: number, body: string): EventVerdict {
  if (!isSuccess(status)) return 'error';
  const statuses = at(parse(body), 'statuses');
  if (!Array.isArray(statuses)) return 'retry';
  let worst: EventVerdict = 'success';
  for (const { item } of objectsOf(statuses)) {
    const said = asString(own(item, 'status'));
    const verdict = said === undefined || said === '' ? 'retry' : verdictOf(said);
    if (verdict === 'retry') return verdict;
    if (verdict === 'drop') worst = verdict;
  }
  return worst;
}

/** Whether a request that nobody here knows the path of is a bulk of topic events. */
export function isBulkRequest(body: string): boolean {
  return at(parse(body), 'type') === 'com.dapr.event.sent.bulk';
}

function verdictOf(said: string | undefined): EventVerdict {
  if (said === '' || said === 'SUCCESS') return 'success';
  return said === 'DROP' ? 'drop' : 'retry';
}

function parse(body: string): unknown {
  if (body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

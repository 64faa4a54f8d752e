import { describe, expect, it } from 'vitest';
import {
  bulkVerdict,
  forgetsTopicEvent,
  isBulkRequest,
  topicVerdict,
} from '../../../src/rules/delivery/event-answer.ts';

describe("what a pod's answer to a topic event says", () => {
  const verdicts: readonly [status: number, body: string, verdict: string][] = [
    [200, '', 'success'],
    [204, '', 'success'],
    [200, 'OK', 'success'],
    [200, '[]', 'success'],
    [200, '{}', 'success'],
    [200, '{"status":null}', 'success'],
    [200, '{"status":""}', 'success'],
    [200, '{"status":"SUCCESS"}', 'success'],
    [201, '{"status":"RETRY"}', 'retry'],
    [200, '{"status":"DROP"}', 'drop'],
    [200, '{"status":"drop"}', 'retry'],
    [200, '{"status":"success"}', 'retry'],
    [200, '{"status":7}', 'retry'],
    [303, '', 'error'],
    [400, '{"status":"SUCCESS"}', 'error'],
    [404, '', 'error'],
    [500, '', 'error'],
  ];
  it.each(verdicts)('%i %s: %s', (status, body, verdict) => {
    expect(topicVerdict(status, body)).toBe(verdict);
  });

  it('makes daprd forget the event with 404 alone', () => {
    expect([200, 303, 400, 404, 410, 500].filter(forgetsTopicEvent)).toEqual([404]);
  });
});

describe("what a pod's answer to a bulk says", () => {
  const bulk = (...statuses: unknown[]): string =>
    JSON.stringify({ statuses: statuses.map((status, entryId) => ({ entryId, status })) });
  const verdicts: readonly [status: number, body: string, verdict: string][] = [
    [200, bulk('SUCCESS', 'SUCCESS'), 'success'],
    [200, bulk(), 'success'],
    [200, bulk('SUCCESS', 'DROP', 'SUCCESS'), 'drop'],
    [200, bulk('DROP', 'RETRY'), 'retry'],
    [200, bulk('SUCCESS', ''), 'retry'],
    [200, bulk('SUCCESS', undefined), 'retry'],
    [200, '', 'retry'],
    [200, '{}', 'retry'],
    [404, '', 'error'],
    [500, bulk('SUCCESS'), 'error'],
  ];
  it.each(verdicts)('%i %s: %s', (status, body, verdict) => {
    expect(bulkVerdict(status, body)).toBe(verdict);
  });
});

describe('a bulk', () => {
  it('is known by its type', () => {
    expect(isBulkRequest('{"id":"x","type":"com.dapr.event.sent.bulk","entries":[]}')).toBe(true);
    for (const body of ['', '{}', '[]', '{"type":"x"}', 'com.dapr.event.sent.bulk']) {
      expect(isBulkRequest(body), body).toBe(false);
    }
  });
});

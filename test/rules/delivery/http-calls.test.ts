import { describe, expect, it } from 'vitest';
import {
  type HttpCallFacts,
  HttpCalls,
  subscriptionsOf,
} from '../../../src/rules/delivery/http-calls.ts';

const inputs = {
  kind: 'async',
  topics: [
    { pubsub: 'bus', topic: 'orders' },
    { pubsub: 'bus', topic: 'eu/refunds' },
  ],
  bindings: ['cron', 'job'],
  port: 8080,
} as const;
const calls = new HttpCalls(inputs, '/healthz');
const events = 'application/cloudevents+json';
const request = {
  contentType: 'application/json',
  hasCaller: false,
  hasPubsub: false,
  isBulk: () => false,
};

function kindOf(method: string, path: string, facts: Partial<HttpCallFacts> = {}): string {
  return calls.of({ ...request, method, path, ...facts }).kind;
}

describe('what daprd wants over HTTP', () => {
  it('is told by method and path', () => {
    expect(kindOf('GET', '/dapr/config')).toBe('config');
    expect(kindOf('GET', '/dapr/subscribe')).toBe('subscribe');
    expect(kindOf('GET', '/healthz')).toBe('health');
    expect(kindOf('POST', '/cron')).toBe('binding');
    expect(kindOf('POST', '/openfunction/topics/bus/orders', { contentType: events })).toBe(
      'topic',
    );
    expect(kindOf('POST', '/openfunction/topics/bus/orders')).toBe('topic');
    expect(kindOf('POST', '/job/backup')).toBe('job');
    expect(kindOf('POST', '/job')).toBe('binding');
    expect(kindOf('POST', '/orders')).toBe('invocation');
    expect(kindOf('GET', '/cron')).toBe('invocation');
    expect(kindOf('PUT', '/dapr/subscribe')).toBe('invocation');
  });

  it('is whether its app is well, on the path that daprd was told, whatever its query', () => {
    const other = new HttpCalls(inputs, '/alive?deep=1');
    expect(other.of({ ...request, method: 'GET', path: '/alive' }).kind).toBe('health');
    expect(other.of({ ...request, method: 'GET', path: '/healthz' }).kind).toBe('invocation');
  });

  it('is a topic event on a path of a Subscription resource, single or in a bulk', () => {
    const contentType = `${events}; charset=utf-8`;
    expect(kindOf('POST', '/orders', { contentType })).toBe('declared topic');
    expect(kindOf('POST', '/orders', { isBulk: () => true })).toBe('declared topic');
    expect(kindOf('POST', '/orders', { contentType: undefined, isBulk: () => true })).toBe(
      'invocation',
    );
  });

  it('is an invocation wherever it says which app called, also on a path that means something else', () => {
    for (const path of ['/dapr/subscribe', '/healthz', '/cron', '/orders']) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        expect(kindOf(method, path, { hasCaller: true })).toBe('invocation');
      }
    }
  });

  it('stays a topic event where a header of the message pretends that an app called', () => {
    const pretended = { contentType: events, hasCaller: true, hasPubsub: true };
    expect(kindOf('POST', '/orders', pretended)).toBe('declared topic');
    expect(kindOf('POST', '/openfunction/topics/bus/orders', pretended)).toBe('topic');
    expect(kindOf('POST', '/openfunction/topics/bus/orders', { hasCaller: true })).toBe('topic');
  });

  it('is whether a binding is read, which is so for those of the Function alone', () => {
    const probe = (path: string) =>
      calls.of({ ...request, method: 'OPTIONS', path, contentType: undefined });
    expect(probe('/cron')).toEqual({ kind: 'probe', isTaken: true });
    for (const path of ['/', '/other', '/cron/', '/Cron', '/openfunction/topics/bus/orders']) {
      expect(probe(path), path).toEqual({ kind: 'probe', isTaken: false });
    }
  });

  it('is answered with a subscription per topic, each with a path that leads back to it', () => {
    expect(subscriptionsOf(inputs)).toEqual([
      { pubsubname: 'bus', topic: 'orders', route: '/openfunction/topics/bus/orders' },
      { pubsubname: 'bus', topic: 'eu/refunds', route: '/openfunction/topics/bus/eu_2Frefunds' },
    ]);
    expect(
      calls.of({ ...request, method: 'POST', path: '/openfunction/topics/bus/eu_2Frefunds' }),
    ).toEqual({
      kind: 'topic',
      topic: { key: '["bus","eu/refunds"]', fallbackPath: '/eu/refunds', input: 'bus' },
    });
  });
});

import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fallbackRouteOf,
  readTopicRoutes,
  topicKey,
  topicRouteOf,
} from '../../../src/rules/delivery/topic-routes.ts';

const names = fc.oneof(
  fc.constantFrom(
    'a',
    'a/b',
    '..',
    '.',
    'a_b',
    'a%2Fb',
    'a b',
    'A',
    'ä',
    'a__b',
    '_2F',
    '/',
    'x?y',
  ),
  fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
);

describe('the path on which daprd brings a topic', () => {
  it('is readable where the names are plain', () => {
    expect(topicRouteOf({ pubsub: 'kafka-x7k2p', topic: 'orders' })).toBe(
      '/openfunction/topics/kafka-x7k2p/orders',
    );
    expect(topicRouteOf({ pubsub: 'bus', topic: 'eu/orders.v1' })).toBe(
      '/openfunction/topics/bus/eu_2Forders_2Ev1',
    );
  });

  it('survives cleaning and needs no escaping, whatever the names', () => {
    fc.assert(
      fc.property(names, names, (pubsub, topic) => {
        const route = topicRouteOf({ pubsub, topic });
        expect(route).toMatch(/^\/[-\w/]+$/);
        expect(posix.normalize(route)).toBe(route);
        expect(encodeURI(route)).toBe(route);
      }),
    );
  });

  it('differs for topics that differ', () => {
    fc.assert(
      fc.property(names, names, names, names, (pubsub, topic, otherPubsub, otherTopic) => {
        fc.pre(pubsub !== otherPubsub || topic !== otherTopic);
        expect(topicRouteOf({ pubsub, topic })).not.toBe(
          topicRouteOf({ pubsub: otherPubsub, topic: otherTopic }),
        );
      }),
    );
  });
});

describe("a pod's own paths of topics", () => {
  it('are read in every form that Dapr knows', () => {
    const routes = readTopicRoutes(
      JSON.stringify([
        { pubsubname: 'bus', topic: 'a', route: '/bus--a--default' },
        { pubsubname: 'bus', topic: 'b', route: 'b' },
        { pubsubname: 'bus', topic: 'c', routes: { default: '/c' } },
        {
          pubsubname: 'bus',
          topic: 'd',
          routes: { rules: [{ match: 'x', path: '/x' }, { path: '/d' }] },
        },
        { pubsubname: 'bus', topic: 'ü /', route: '/ü /%20' },
      ]),
    );
    expect([...(routes ?? [])]).toEqual([
      [topicKey('bus', 'a'), '/bus--a--default'],
      [topicKey('bus', 'b'), '/b'],
      [topicKey('bus', 'c'), '/c'],
      [topicKey('bus', 'd'), '/d'],
      [topicKey('bus', 'ü /'), '/%C3%BC%20/%20'],
    ]);
  });

  it('are none for items without names or without a path that always holds', () => {
    const items = [
      null,
      {},
      { pubsubname: 'bus', topic: 'a' },
      { pubsubname: 'bus', route: '/a' },
      { pubsubname: 'bus', topic: 'a', routes: { rules: [{ match: 'x', path: '/x' }] } },
    ];
    expect(readTopicRoutes(JSON.stringify(items))).toEqual(new Map());
    expect(readTopicRoutes('[]')).toEqual(new Map());
  });

  it('are unknown where the answer is no list', () => {
    for (const body of ['', '{}', 'null', '"x"', '<html>', '[']) {
      expect(readTopicRoutes(body), body).toBeUndefined();
    }
  });

  it('are the name of the topic where a pod does not say', () => {
    expect(fallbackRouteOf('orders')).toBe('/orders');
    expect(fallbackRouteOf('/eu/orders')).toBe('/eu/orders');
    expect(fallbackRouteOf('a b\r\nx')).toBe('/a%20b%0D%0Ax');
    expect(fallbackRouteOf('\ud800')).toBe('/%EF%BF%BD');
  });
});

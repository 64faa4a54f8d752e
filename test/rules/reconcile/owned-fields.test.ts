import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/api/json.ts';
import { ownedFields } from '../../../src/rules/reconcile/owned-fields.ts';
import { anyJson, anyObject } from '../../support/arbitraries.ts';
import { deepFreeze, nested, pick, wireCopy } from '../../support/json.ts';
import { liveObject } from './live-objects.ts';

const manager = 'us';

/** What we own of an object when our entry says this, and those of others that. */
function owned(object: JsonObject, fieldsV1: Json, ...others: JsonObject[]) {
  const managedFields = [
    ...others.map((fields) => ({ manager: 'them', operation: 'Update', fieldsV1: fields })),
    { manager, operation: 'Apply', fieldsV1 },
  ];
  return ownedFields(deepFreeze({ metadata: { managedFields }, ...object }), manager);
}

describe('the fields that a manager owns', () => {
  it('are those that it applied, and nothing beside them', () => {
    const object = { spec: { replicas: 2, paused: true }, data: { a: '1', b: '2' }, more: 'x' };
    expect(owned(object, { 'f:spec': { 'f:replicas': {} }, 'f:data': { 'f:a': {} } })).toEqual({
      spec: { replicas: 2 },
      data: { a: '1' },
    });
  });

  it('are none when it applied nothing, and nothing when it applied no fields', () => {
    expect(owned({ spec: {} }, {})).toEqual({});
    for (const metadata of [undefined, {}, { managedFields: [] }, { managedFields: 'x' }]) {
      expect(ownedFields({ metadata, spec: {} }, manager)).toBeUndefined();
    }
  });

  it('are not those that it updated, that others applied, or of its status', () => {
    const fieldsV1 = { 'f:spec': {} };
    for (const entry of [
      { manager, operation: 'Update', fieldsV1 },
      { manager: 'them', operation: 'Apply', fieldsV1 },
      { manager, operation: 'Apply', subresource: 'status', fieldsV1 },
      { manager, operation: 'Apply' },
      { manager, operation: 'Apply', fieldsV1: 'x' },
    ]) {
      expect(
        ownedFields({ metadata: { managedFields: [entry] }, spec: 1 }, manager),
      ).toBeUndefined();
    }
  });

  it('hold everything below one that is owned as a whole', () => {
    const selector = { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c' }] };
    const object = { spec: { selector, policyTypes: ['Ingress', 'Egress'] } };
    const fields = { 'f:selector': {}, 'f:policyTypes': {} };
    expect(owned(object, { 'f:spec': fields })).toEqual({
      spec: { selector, policyTypes: ['Ingress', 'Egress'] },
    });
  });

  it('take a dot for the thing itself, and for nothing in it', () => {
    const object = { metadata: { labels: { ours: '1', theirs: '2' } } };
    const fields = { 'f:metadata': { 'f:labels': { '.': {}, 'f:ours': {} } } };
    const managedFields = [{ manager, operation: 'Apply', fieldsV1: fields }];
    expect(ownedFields({ metadata: { ...object.metadata, managedFields } }, manager)).toEqual({
      metadata: { labels: { ours: '1' } },
    });
  });

  it('hold the elements of a list that are theirs by their keys, in the order of the list', () => {
    const ports = [
      { port: 1, protocol: 'UDP', name: 'theirs' },
      { port: 2, protocol: 'TCP', name: 'b', nodePort: 5 },
      { port: 1, protocol: 'TCP', name: 'a', nodePort: 6 },
    ];
    const element = { '.': {}, 'f:name': {}, 'f:port': {} };
    const fields = {
      'k:{"port":1,"protocol":"TCP"}': element,
      'k:{"port":2,"protocol":"TCP"}': element,
      'k:{"port":3,"protocol":"TCP"}': element,
    };
    expect(owned({ ports }, { 'f:ports': fields })).toEqual({
      ports: [
        { port: 2, name: 'b' },
        { port: 1, name: 'a' },
      ],
    });
  });

  it('tell elements apart by a key that some of them lack', () => {
    const parents = [{ name: 'a', section: 'x' }, { name: 'a' }];
    const fields = { 'k:{"name":"a"}': { 'f:name': {} } };
    const both = { ...fields, 'k:{"name":"a","section":"x"}': { 'f:section': {} } };
    expect(owned({ parents }, { 'f:parents': both })).toEqual({
      parents: [{ section: 'x' }, { name: 'a' }],
    });
  });

  it('hold whole elements, and all that share a key', () => {
    const list = [{ uid: 'u', name: 'a' }, { uid: 'v' }, { uid: 'u', name: 'b' }];
    expect(owned({ list }, { 'f:list': { 'k:{"uid":"u"}': {} } })).toEqual({
      list: [
        { uid: 'u', name: 'a' },
        { uid: 'u', name: 'b' },
      ],
    });
  });

  it('hold the members of a set that are theirs', () => {
    const list = ['a', 'theirs', 1, true, null, '1'];
    const fields = { '.': {}, 'v:"a"': {}, 'v:1': {}, 'v:true': {}, 'v:null': {}, 'v:"gone"': {} };
    expect(owned({ list }, { 'f:list': fields })).toEqual({ list: ['a', 1, true, null] });
  });

  it('leave out elements that are gone', () => {
    expect(owned({ list: [] }, { 'f:list': { 'k:{"name":"a"}': { 'f:name': {} } } })).toEqual({
      list: [],
    });
  });

  it('are null where the API server left out what Go takes for empty', () => {
    const service = liveObject('events-service.json');
    expect(Object.keys(service['spec'] as JsonObject)).not.toContain('publishNotReadyAddresses');
    const fields = ownedFields(service, 'openfunction-dapr-webhook');
    expect(pick(fields, 'spec', 'publishNotReadyAddresses')).toBeNull();

    const gone = { 'f:spec': { 'f:a': { 'f:b': {} } } };
    expect(owned({}, gone)).toEqual({ spec: { a: { b: null } } });
    expect(owned({ spec: null }, gone)).toEqual({ spec: { a: { b: null } } });
  });

  it('are empty where it applied nothing, and others put something there', () => {
    const object = { a: { theirs: 1 }, b: [{ name: 'theirs' }], c: { whole: 1 } };
    const fields = { 'f:a': {}, 'f:b': {}, 'f:c': {} };
    const others = [
      { 'f:a': { 'f:theirs': {} }, 'f:c': {} },
      { 'f:b': { 'k:{"name":"theirs"}': {} }, 'f:c': { '.': {} } },
    ];
    expect(owned(object, fields, ...others)).toEqual({ a: {}, b: [], c: { whole: 1 } });
  });

  it('may be called as members of every object are', () => {
    const object = JSON.parse('{"data":{"__proto__":"x","constructor":"y","toString":"z"}}');
    const fields = JSON.parse('{"f:data":{"f:__proto__":{},"f:constructor":{},"f:valueOf":{}}}');
    const found = owned(object, fields);
    expect(JSON.stringify(found)).toBe(
      '{"data":{"valueOf":null,"constructor":"y","__proto__":"x"}}',
    );
    expect(Object.getPrototypeOf(found?.['data'])).toBe(Object.prototype);
    const key = JSON.parse('{"f:list":{"k:{\\"__proto__\\":1}":{}}}');
    expect(owned({ list: JSON.parse('[{"__proto__":1},{}]') }, key)).toEqual({
      list: [JSON.parse('{"__proto__":1}')],
    });
  });
});

describe('no object throws', () => {
  const fieldsKey = fc.oneof(
    fc.constantFrom('.', 'f:', 'f:a', 'f:spec', 'f:list', 'f:__proto__', 'g:a', '', 'i:0'),
    fc.constantFrom(
      'k:{"name":"a"}',
      'k:{',
      'k:null',
      'k:[]',
      'k:{}',
      'v:"a"',
      'v:',
      'v:{}',
      'v:1',
    ),
    fc.string({ maxLength: 5 }),
  );
  const fields = fc.letrec<{ fields: Json }>((tie) => ({
    fields: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      fc.constant<Json>({}),
      anyJson,
      fc
        .array(fc.tuple(fieldsKey, tie('fields')), { maxLength: 4 })
        .map((entries): Json => Object.fromEntries(entries)),
    ),
  })).fields;
  const value = fc.oneof(
    anyJson,
    fc.record({ a: anyJson, list: fc.array(fc.oneof(anyJson, fc.constant<Json>({ name: 'a' }))) }),
  );

  it('whatever it and its managed fields hold', () => {
    fc.assert(
      fc.property(fields, fields, value, value, (ours, theirs, spec, list) => {
        const before = wireCopy({ spec, list });
        const found = owned({ spec, list } as JsonObject, ours, { 'f:spec': theirs });
        if (found !== undefined) wireCopy(found);
        expect({ spec, list }).toEqual(before);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(anyObject, anyJson, (object, managedFields) => {
        ownedFields({ ...object, metadata: { managedFields } }, manager);
      }),
      { numRuns: 300 },
    );
  });

  it('however deep it is nested', () => {
    let fieldsV1: JsonObject = {};
    for (let level = 0; level < 100_000; level += 1) fieldsV1 = { 'f:deeper': fieldsV1 };
    const managedFields = [{ manager, operation: 'Apply', fieldsV1 }];
    const object = { ...nested(100_000), metadata: { managedFields } };
    expect(pick(ownedFields(object, manager), 'deeper', 'deeper')).toBeTypeOf('object');
  });

  // Were it quadratic, or were each element an argument of one call, this would not end well.
  it('however long its lists are', () => {
    const list = Array.from({ length: 130_000 }, (_, index) => ({ name: `n${index}`, more: 1 }));
    const elements = list.map(({ name }): [string, Json] => [
      `k:{"name":"${name}"}`,
      { 'f:name': {} },
    ]);
    const managedFields = [
      { manager, operation: 'Apply', fieldsV1: { 'f:list': Object.fromEntries(elements) } },
    ];
    const found = ownedFields({ metadata: { managedFields }, list }, manager);
    expect(found?.['list']).toHaveLength(list.length);
    expect(pick(found, 'list', 129_999)).toEqual({ name: 'n129999' });
  });
});

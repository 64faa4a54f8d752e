import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/api/json.ts';
import { canonicalForm } from '../../../src/rules/reconcile/canonical-form.ts';

/** Whether an API server makes the same of two objects. */
function isSame(left: JsonObject, right: JsonObject): boolean {
  return canonicalForm(left) === canonicalForm(right);
}

/** An object with a value somewhere in the template of its pods. */
function inPodSpec(members: JsonObject): JsonObject {
  return { spec: { template: { spec: members } } };
}

function withLimit(cpu: Json): JsonObject {
  return inPodSpec({ containers: [{ name: 'a', resources: { limits: { cpu } } }] });
}

/** A Component with a setting. */
function withSetting(setting: JsonObject): JsonObject {
  return { spec: { type: 'state.redis', metadata: [{ name: 'host', ...setting }] } };
}

describe('two objects are the same', () => {
  it('whichever objects they are', () => {
    const metadata = { labels: { a: 'b' } };
    const object = {
      ...{ apiVersion: 'v1', kind: 'Secret', data: { a: 'b' } },
      metadata: { ...metadata, name: 'x', namespace: 'y' },
    };
    expect(isSame(object, { metadata, data: { a: 'b' } })).toBe(true);
    expect(isSame({ metadata: { name: 'x' }, data: { a: 'b' } }, { data: { a: 'b' } })).toBe(true);
    expect(isSame(object, { metadata: {}, data: { a: 'b' } })).toBe(false);
  });

  it('when only undefined members differ', () => {
    expect(isSame({ spec: { a: undefined, b: { c: undefined } } }, { spec: { b: {} } })).toBe(true);
  });

  it('in whatever order their lists of named objects are', () => {
    const one = { name: 'one', value: '1' };
    const two = { name: 'two', value: '2' };
    expect(isSame(inPodSpec({ env: [one, two] }), inPodSpec({ env: [two, one] }))).toBe(true);
  });

  it('but not in whatever order other lists are', () => {
    const lists: [Json, Json][] = [
      ['a', 'b'],
      [
        { name: 'a', value: 1 },
        { name: 'a', value: 2 },
      ],
      [{ name: 'a' }, { value: 'b' }],
      [{ name: 1 }, { name: 2 }],
    ];
    for (const [one, two] of lists) {
      expect(isSame(inPodSpec({ list: [one, two] }), inPodSpec({ list: [two, one] }))).toBe(false);
    }
  });

  it('when one has nothing where the other has what Go takes for nothing', () => {
    for (const empty of [false, 0, '', [], {}] satisfies Json[]) {
      expect(isSame(inPodSpec({ a: empty }), inPodSpec({ a: null }))).toBe(true);
      expect(isSame(inPodSpec({ a: empty }), inPodSpec({}))).toBe(false);
      for (const full of [true, 1, '0', [null], [0], { b: null }, { b: [] }] satisfies Json[]) {
        expect(isSame(inPodSpec({ a: empty }), inPodSpec({ a: full }))).toBe(false);
      }
    }
  });

  it('but not when a list holds something else that is empty', () => {
    expect(isSame(inPodSpec({ args: [''] }), inPodSpec({ args: [null] }))).toBe(false);
  });

  it('when one has an empty list or map that managers share, and the other has none', () => {
    for (const empty of [[], {}, null] satisfies Json[]) {
      expect(isSame(inPodSpec({ env: empty, a: 1 }), inPodSpec({ a: 1 }))).toBe(true);
    }
    expect(isSame({ metadata: { labels: {}, a: 1 } }, { metadata: { a: 1 } })).toBe(true);
    // A label that is called like one of these is a label.
    expect(
      isSame({ metadata: { labels: { env: '', a: '' } } }, { metadata: { labels: { a: '' } } }),
    ).toBe(false);
  });

  it('when their resource quantities amount to the same', () => {
    const same: [Json, Json][] = [
      ['1000m', '1'],
      ['0.5', '500m'],
      [1, '1'],
      ['1024Mi', '1Gi'],
      ['1e3', '1k'],
      ['0', 0],
    ];
    for (const [one, two] of same) expect(isSame(withLimit(one), withLimit(two))).toBe(true);
    const different: [Json, Json][] = [
      ['1', '1m'],
      ['1G', '1Gi'],
      ['1', 'one'],
      ['one', 'two'],
      ['1', null],
      ['-1', '1'],
    ];
    for (const [one, two] of different) expect(isSame(withLimit(one), withLimit(two))).toBe(false);
    // An annotation is text, whatever it looks like.
    const annotated = (cpu: string) => ({
      metadata: { annotations: { requests: cpu, limits: cpu } },
    });
    expect(isSame(annotated('1000m'), annotated('1'))).toBe(false);
  });

  it('but not when the settings of a Component differ in anything', () => {
    const values: Json[] = ['', false, 0, [], {}, 'false', { a: 0 }, { a: false }];
    for (const [index, one] of values.entries()) {
      for (const two of values.slice(index + 1)) {
        expect(isSame(withSetting({ value: one }), withSetting({ value: two }))).toBe(false);
      }
      expect(isSame(withSetting({ value: one }), withSetting({}))).toBe(false);
    }
    expect(isSame(withSetting({ value: null }), withSetting({}))).toBe(true);
  });

  it('when a toleration lacks what the other has empty', () => {
    const tolerating = (toleration: JsonObject) => inPodSpec({ tolerations: [toleration] });
    const full = { key: 'a', operator: 'Equal', value: '', effect: '' };
    expect(isSame(tolerating(full), tolerating({ key: 'a', operator: 'Equal' }))).toBe(true);
    const seconds = { ...full, tolerationSeconds: 0 };
    expect(isSame(tolerating(full), tolerating(seconds))).toBe(false);
  });
});

describe('the canonical form', () => {
  it('cannot be forged by what is in an object', () => {
    const pairs: [JsonObject, JsonObject][] = [
      [{ a: 'b', c: 'd' }, { a: 'b","c":"d' }],
      [{ a: ['b', 'c'] }, { a: ['b,c'] }],
      [{ a: '~' }, { a: null }],
      [{ a: [] }, { a: '[]' }],
      [{ a: { b: 'c' } }, { a: '{"b":"c",}' }],
      [{ a: '1' }, { a: 1 }],
      [withLimit('1'), withLimit('#1000000000')],
    ];
    for (const [one, two] of pairs) expect(isSame(one, two)).toBe(false);
  });

  it('takes __proto__ for a key like others', () => {
    const one = JSON.parse('{"spec":{"__proto__":{"a":1}}}');
    expect(canonicalForm(one)).toBe('{"spec":{"__proto__":{"a":1,},},}');
    expect(isSame(JSON.parse('{"__proto__":1}'), {})).toBe(false);
    expect(isSame(JSON.parse('{"metadata":{"__proto__":1}}'), {})).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/api/json.ts';
import {
  patchAppend,
  patchRemoveIndexes,
  patchStringMap,
  pointer,
} from '../../src/rules/json-patch.ts';
import { applyPatch } from '../support/apply-patch.ts';

describe('a pointer', () => {
  it('escapes what RFC 6901 escapes, and nothing else', () => {
    expect(pointer('metadata', 'annotations', 'openfunction.io/enable-dapr')).toBe(
      '/metadata/annotations/openfunction.io~1enable-dapr',
    );
    expect(pointer('a~b', '~1', '/', '~')).toBe('/a~0b/~01/~1/~0');
    expect(pointer('', ' ', '"', '%', 'ä')).toBe('// /"/%/ä');
    expect(pointer('spec', 'containers', 0, 'env')).toBe('/spec/containers/0/env');
    expect(pointer()).toBe('');
  });
});

describe('bringing a map to the wanted values', () => {
  const wanted = new Map([
    ['a/b', 'new'],
    ['c~d', undefined],
    ['same', 'same'],
  ]);

  it('adds, replaces and removes single members', () => {
    const map = { 'a/b': 'old', 'c~d': 'x', same: 'same', other: 'kept' };
    const patch = patchStringMap(map, '/map', wanted);
    expect(applyPatch({ map }, patch)).toEqual({
      map: { 'a/b': 'new', same: 'same', other: 'kept' },
    });
    expect(patch).toHaveLength(2);
  });

  it('makes the map where there is none', () => {
    for (const map of [undefined, null]) {
      const object: JsonObject = map === undefined ? {} : { map };
      const patch = patchStringMap(map, '/map', wanted);
      expect(applyPatch(object, patch)).toEqual({ map: { 'a/b': 'new', same: 'same' } });
    }
  });

  it('makes no map for nothing', () => {
    expect(patchStringMap(undefined, '/map', new Map([['a', undefined]]))).toEqual([]);
    expect(patchStringMap(undefined, '/map', new Map())).toEqual([]);
  });

  it('does nothing where everything is as wanted', () => {
    expect(patchStringMap({ 'a/b': 'new', same: 'same' }, '/map', wanted)).toEqual([]);
  });

  it('replaces a value of the wrong type', () => {
    for (const value of [null, 5, true, {}, ['new']]) {
      const map = { a: value };
      expect(applyPatch({ map }, patchStringMap(map, '/map', new Map([['a', 'new']])))).toEqual({
        map: { a: 'new' },
      });
    }
  });
});

describe('appending to a list', () => {
  const members: Json[] = [{ name: 'c' }, { name: 'd' }];

  it('keeps what is there, in its order', () => {
    const list = [{ name: 'a' }, null, 'b'];
    expect(applyPatch({ list }, patchAppend(list, '/list', members))).toEqual({
      list: [{ name: 'a' }, null, 'b', { name: 'c' }, { name: 'd' }],
    });
  });

  it('makes the list where there is none', () => {
    expect(applyPatch({}, patchAppend(undefined, '/list', members))).toEqual({ list: members });
    expect(applyPatch({ list: null }, patchAppend(null, '/list', members))).toEqual({
      list: members,
    });
  });

  it('does nothing for no members', () => {
    expect(patchAppend(undefined, '/list', [])).toEqual([]);
    expect(patchAppend(['a'], '/list', [])).toEqual([]);
  });
});

describe('removing members of a list', () => {
  it('takes out just those, in whatever order they are named', () => {
    const list = [...'abcdefghijkl'];
    for (const indexes of [
      [0, 2, 11],
      [11, 0, 2],
      [2, 11, 0],
    ]) {
      expect(applyPatch({ list }, patchRemoveIndexes('/list', indexes))).toEqual({
        list: [...'bdefghijk'],
      });
    }
    expect(patchRemoveIndexes('/list', [])).toEqual([]);
  });
});

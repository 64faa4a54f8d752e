import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../src/api/json.ts';
import { projectName } from '../../../src/api/keys.ts';
import { fingerprint } from '../../../src/rules/reconcile/fingerprint.ts';
import { ownedFields } from '../../../src/rules/reconcile/owned-fields.ts';
import { anyJson, anyObject } from '../../support/arbitraries.ts';
import { deepFreeze, nested, wireCopy } from '../../support/json.ts';
import { liveObjects } from './live-objects.ts';

describe('the fingerprint of a wanted object', () => {
  const states = liveObjects.flatMap(({ file, wanted, states }) =>
    states.map((state) => ({ ...state, file, wanted })),
  );

  it.each(states.filter(({ isAsWanted }) => isAsWanted))(
    'is that of the live one: $file, $what',
    ({ wanted, object }) => {
      expect(fingerprint(ownedFields(object, projectName) ?? {})).toBe(fingerprint(wanted));
    },
  );

  it.each(states.filter(({ isAsWanted }) => !isAsWanted))(
    'is not that of the live one: $file, $what',
    ({ wanted, object }) => {
      expect(fingerprint(ownedFields(object, projectName) ?? {})).not.toBe(fingerprint(wanted));
    },
  );

  it('is not that of a live one that somebody else made', () => {
    for (const { wanted, object } of states) {
      expect(fingerprint(ownedFields(object, 'somebody-else') ?? {})).not.toBe(fingerprint(wanted));
    }
  });
});

/** Every member and element in a value, as where it is. */
function placesIn(value: Json): { holder: JsonObject; key: string }[] {
  const places: { holder: JsonObject; key: string }[] = [];
  const pending: Json[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, member] of Object.entries(next)) {
      places.push({ holder: next as JsonObject, key });
      pending.push(member as Json);
    }
  }
  return places;
}

/** The same value with the members of every object the other way round. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, member]) => [key, reversed(member as Json)]));
}

const somewhere = fc.nat().map((number) => number / 0x80000000);

describe('a fingerprint', () => {
  it('is short, and spells the same object the same for ever', () => {
    expect(fingerprint({})).toMatch(/^[0-9a-f]{16}$/);
    expect(fingerprint({ spec: { replicas: 1, list: ['ä', true, null, 1.5] } })).toBe(
      'e3c3a11efefc2c6d',
    );
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const object = deepFreeze(wireCopy({ spec: value, more: 1 }));
        expect(fingerprint(reversed(object) as JsonObject)).toBe(fingerprint(object));
      }),
      { numRuns: 500 },
    );
  });

  it('depends on every value', () => {
    fc.assert(
      fc.property(anyJson, somewhere, (value, where) => {
        const changed = wireCopy({ value });
        const places = placesIn(changed);
        const place = places[Math.floor(where * places.length)];
        if (place === undefined) return;
        const { holder, key } = place;
        const before = JSON.stringify(holder[key]);
        Object.defineProperty(holder, key, { value: `no longer ${before}` });
        expect(fingerprint(changed)).not.toBe(fingerprint({ value }));
      }),
      { numRuns: 500 },
    );
  });

  it('depends on what is there', () => {
    fc.assert(
      fc.property(anyJson, somewhere, (value, where) => {
        const changed = wireCopy({ value });
        const places = placesIn(changed).filter(({ holder }) => !Array.isArray(holder));
        const place = places[Math.floor(where * places.length)];
        if (place === undefined) return;
        delete place.holder[place.key];
        expect(fingerprint(changed)).not.toBe(fingerprint({ value }));
      }),
      { numRuns: 500 },
    );
  });

  it('tells ten thousand objects apart', () => {
    const all = new Set<string>();
    for (let index = 0; index < 10_000; index += 1) {
      all.add(fingerprint({ spec: { replicas: index } }));
      all.add(fingerprint({ spec: { replicas: String(index) } }));
    }
    expect(all.size).toBe(20_000);
  });

  it('is had of anything', () => {
    fc.assert(
      fc.property(anyObject, (object) => {
        expect(fingerprint(object)).toHaveLength(16);
      }),
      { numRuns: 300 },
    );
  });

  it('is had of an object however deep or long it is', () => {
    expect(fingerprint(nested(100_000))).not.toBe(fingerprint(nested(100_001)));
    const list = Array.from({ length: 130_000 }, (_, index) => ({ name: `n${index}` }));
    expect(fingerprint({ list })).toBe(fingerprint({ list: list.toReversed() }));
    expect(fingerprint({ list })).not.toBe(fingerprint({ list: list.slice(1) }));
  });
});

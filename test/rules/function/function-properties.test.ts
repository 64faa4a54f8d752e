import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFunction } from '../../../src/api/function.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { anyFunction } from '../../support/arbitraries.ts';
import { create, update } from '../../support/defaulting.ts';
import { daprServiceMode, enableDapr, namespace } from '../../support/functions.ts';
import { objectAt, pick, sameJson, wireCopy } from '../../support/json.ts';

const numRuns = 400;

/** A Function without the annotations that this webhook writes. */
function withoutDefaults(object: JsonObject): JsonObject {
  const copy = wireCopy(object);
  const serving = objectAt(copy, 'spec', 'serving');
  const annotations = objectAt(serving, 'annotations');
  delete annotations[enableDapr];
  delete annotations[daprServiceMode];
  // Parents that were missing or null are made.
  if (Object.keys(annotations).length === 0) delete serving['annotations'];
  return copy;
}

/** `object` with another member in `spec.serving`, so that an update touches it. */
function touched(object: JsonObject): JsonObject {
  const copy = wireCopy(object);
  objectAt(copy, 'spec', 'serving')['touched'] = 'yes';
  return copy;
}

describe('whatever a Function holds', () => {
  it('defaulting changes nothing but the two annotations', () => {
    fc.assert(
      fc.property(anyFunction, (fn) => {
        for (const outcome of [create(fn), update(touched(fn), fn)]) {
          expect(sameJson(withoutDefaults(outcome.object), withoutDefaults(fn))).toBe(true);
        }
      }),
      { numRuns },
    );
  });

  it('creating it keeps what the user wrote into the two annotations', () => {
    fc.assert(
      fc.property(anyFunction, (fn) => {
        const written = objectAt(fn, 'spec', 'serving', 'annotations');
        const outcome = create(fn);
        for (const annotation of [enableDapr, daprServiceMode]) {
          if (!Object.hasOwn(written, annotation)) continue;
          expect(outcome.annotations[annotation]).toEqual(written[annotation]);
        }
      }),
      { numRuns },
    );
  });

  it('creating it once more gives no patch', () => {
    fc.assert(
      fc.property(anyFunction, (fn) => {
        expect(create(create(fn).object).patch).toEqual([]);
      }),
      { numRuns },
    );
  });

  it('updating it with itself gives no patch', () => {
    fc.assert(
      fc.property(anyFunction, (fn) => {
        const stored = create(fn).object;
        expect(update(stored, stored).patch).toEqual([]);
        expect(update(fn, fn).patch).toEqual([]);
      }),
      { numRuns },
    );
  });

  it('updating it once more, from the same stored one, gives no patch', () => {
    fc.assert(
      fc.property(anyFunction, anyFunction, (stored, fn) => {
        const { object } = update(stored, fn);
        expect(update(stored, object).patch).toEqual([]);
      }),
      { numRuns },
    );
  });

  it('replacing it with its own manifest gives what is stored', () => {
    fc.assert(
      fc.property(anyFunction, (fn) => {
        const stored = create(fn).object;
        // Nobody owns anything here, as with a manifest that kubectl replaces.
        objectAt(fn, 'metadata')['managedFields'] = undefined;
        objectAt(stored, 'metadata')['managedFields'] = undefined;
        expect(sameJson(update(stored, fn).object, wireCopy(stored))).toBe(true);
      }),
      { numRuns },
    );
  });

  it('it ends up with a mode that its own annotations state', () => {
    fc.assert(
      fc.property(anyFunction, (fn) => {
        const { annotations, mode } = create(fn);
        const enable = annotations[enableDapr];
        if (enable === 'false') expect(mode).toBe('disabled');
        if (enable === 'true') expect(mode).not.toBe('disabled');
        if (enable === 'true') expect(['standalone', annotations[daprServiceMode]]).toContain(mode);
      }),
      { numRuns },
    );
  });

  it('it is read the same whatever the order of its keys', () => {
    fc.assert(
      fc.property(anyFunction, (fn) => {
        const reversed = Object.fromEntries(Object.entries(fn).reverse()) as JsonObject;
        expect(sameJson(readFunction(reversed, namespace), readFunction(fn, namespace))).toBe(true);
        expect(readFunction(fn, namespace)?.name).toBe(pick(fn, 'metadata', 'name'));
      }),
      { numRuns: 100 },
    );
  });
});

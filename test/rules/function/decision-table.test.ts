import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { type Case, cases } from '../../support/decision-table.ts';
import { create, type DefaultedFunction, update } from '../../support/defaulting.ts';
import { daprServiceMode, enableDapr, functionOf } from '../../support/functions.ts';
import { wireCopy } from '../../support/json.ts';

/** The annotations that a Function of a case ends up with: what is set stays, what is unset is written out. */
function expectedAnnotations({ annotations, has, enable, mode, effective }: Case): JsonObject {
  return {
    ...annotations,
    ...(enable === 'unset' ? { [enableDapr]: has === 'yes' ? 'true' : 'false' } : {}),
    ...(mode === 'unset' && effective !== 'disabled' ? { [daprServiceMode]: 'standalone' } : {}),
  };
}

function expectOutcome(outcome: DefaultedFunction, object: JsonObject, expected: Case): void {
  const wanted = wireCopy(object) as { spec: { serving: { annotations: JsonObject } } };
  wanted.spec.serving.annotations = expectedAnnotations(expected);
  expect(outcome.object).toEqual(wanted);
  expect(outcome.mode).toBe(expected.effective);
  const isIgnored = expected.effective === 'disabled' && expected.mode !== 'unset';
  expect(outcome.warnings).toHaveLength(isIgnored ? 1 : 0);
}

const name = 'makes it $effective: $version with $called, enable-dapr $enable, mode $mode';

describe('creating a Function', () => {
  it.each(cases)(name, (row) => {
    const object = functionOf(row.version, { annotations: row.annotations, serving: row.serving });
    expectOutcome(create(object), object, row);
  });
});

describe("updating spec.serving of a Function whose annotations are the user's", () => {
  it.each(cases)(name, (row) => {
    const parts = { annotations: row.annotations, serving: row.serving };
    const stored = functionOf(row.version, {
      ...parts,
      serving: { ...row.serving, params: { LEVEL: 'debug' } },
    });
    const object = functionOf(row.version, parts);
    expectOutcome(update(stored, object), object, row);
  });
});

describe('updating a Function without touching spec.serving', () => {
  it.each(cases)(
    'patches nothing: $version with $called, enable-dapr $enable, mode $mode',
    ({ version, annotations, serving, effective }) => {
      const stored = functionOf(version, { annotations, serving });
      const object = functionOf(version, {
        annotations,
        serving,
        spec: { image: 'example.com/orders:v2' },
        metadata: { labels: { team: 'checkout' } },
      });
      const outcome = update(stored, object);
      expect(outcome.patch).toEqual([]);
      expect(outcome.mode).toBe(effective);
    },
  );
});

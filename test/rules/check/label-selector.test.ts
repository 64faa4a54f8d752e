import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { selectorKeys, selectsLabels } from '../../../src/rules/check/label-selector.ts';

const labels = { app: 'orders', team: 'a' };

function expression(key: string, operator: string, ...values: string[]): JsonObject {
  return { matchExpressions: [{ key, operator, ...(values.length === 0 ? {} : { values }) }] };
}

describe('a label selector', () => {
  const table: readonly [what: string, selector: JsonObject | undefined, isMatch: boolean][] = [
    ['none', undefined, true],
    ['an empty one', {}, true],
    ['a label', { matchLabels: { app: 'orders' } }, true],
    ['two labels', { matchLabels: { app: 'orders', team: 'a' } }, true],
    ['another value', { matchLabels: { app: 'payments' } }, false],
    ['a label that is not there', { matchLabels: { tier: 'x' } }, false],
    ['In', expression('app', 'In', 'payments', 'orders'), true],
    ['In without the value', expression('app', 'In', 'payments'), false],
    ['In of a label that is not there', expression('tier', 'In', 'x'), false],
    ['NotIn', expression('app', 'NotIn', 'payments'), true],
    ['NotIn with the value', expression('app', 'NotIn', 'orders'), false],
    ['NotIn of a label that is not there', expression('tier', 'NotIn', 'x'), true],
    ['Exists', expression('app', 'Exists'), true],
    ['Exists of a label that is not there', expression('tier', 'Exists'), false],
    ['DoesNotExist', expression('tier', 'DoesNotExist'), true],
    ['DoesNotExist of a label that is there', expression('app', 'DoesNotExist'), false],
    ['both kinds', { matchLabels: { app: 'orders' }, ...expression('team', 'NotIn', 'a') }, false],
    ['a key of the prototype', expression('constructor', 'Exists'), false],
    ['an operator that nobody knows', expression('app', 'Like', 'o'), false],
  ];
  test.each(table)('that is %s matches as an API server has it', (_what, selector, isMatch) => {
    expect(selectsLabels(selector, labels)).toBe(isMatch);
  });

  test('tells the labels that it asks for', () => {
    const selector = { matchLabels: { app: 'x' }, ...expression('team', 'Exists') };
    expect(selectorKeys(selector)).toEqual(['app', 'team']);
    expect(selectorKeys(undefined)).toEqual([]);
  });
});

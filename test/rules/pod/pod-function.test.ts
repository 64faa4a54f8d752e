import { describe, expect, it } from 'vitest';
import { podClaim, servingOfPod } from '../../../src/rules/pod/pod-function.ts';

const fnLabel = 'openfunction.io/function';
const servingLabel = 'openfunction.io/serving';

function podWith(labels: unknown) {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { labels: labels as null } };
}

describe('which Function a Pod belongs to', () => {
  it('says its label openfunction.io/function', () => {
    expect(podClaim(podWith({ [fnLabel]: 'orders' }))).toEqual({
      kind: 'function',
      name: 'orders',
    });
  });

  it('says its label openfunction.io/serving when it has no other', () => {
    expect(podClaim(podWith({ [servingLabel]: 'orders-x1' }))).toEqual({
      kind: 'serving',
      name: 'orders-x1',
    });
    expect(podClaim(podWith({ [fnLabel]: '', [servingLabel]: 'orders-x1' }))?.kind).toBe('serving');
  });

  it('says the label of the Function first when it has both', () => {
    const claim = podClaim(podWith({ [servingLabel]: 'orders-x1', [fnLabel]: 'orders' }));
    expect(claim).toEqual({ kind: 'function', name: 'orders' });
  });

  it("says nothing for a Pod that is no function's", () => {
    const others = [undefined, null, {}, [], 'text', { app: 'web' }, { [fnLabel]: 5 }];
    for (const labels of others) expect(podClaim(podWith(labels))).toBeUndefined();
    for (const pod of [{}, { metadata: null }, { metadata: [] }, { metadata: 'text' }]) {
      expect(podClaim(pod)).toBeUndefined();
    }
  });

  it('does not mistake what every object inherits for a label', () => {
    expect(podClaim(podWith(JSON.parse('{"__proto__": {"openfunction.io/function": "x"}}')))).toBe(
      undefined,
    );
  });
});

describe('the Serving of a Pod', () => {
  it('is named by its label, whoever else is', () => {
    expect(servingOfPod(podWith({ [servingLabel]: 's1', [fnLabel]: 'orders' }))).toBe('s1');
    expect(servingOfPod(podWith({ [fnLabel]: 'orders' }))).toBeUndefined();
  });
});

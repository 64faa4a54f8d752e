import { describe, expect, it } from 'vitest';
import { readQuantity } from '../../../src/rules/proxy/quantity.ts';

/** As k8s.io/apimachinery 1.36 writes them back. */
const canonical: readonly [text: string, form: string][] = [
  ['0', '0'],
  ['0Ki', '0'],
  ['1', '1'],
  ['500m', '500m'],
  ['0.5', '500m'],
  ['.5', '500m'],
  ['1.5', '1500m'],
  ['1000m', '1'],
  ['1500', '1500'],
  ['2000', '2k'],
  ['100n', '100n'],
  ['0.0000000001', '1n'],
  ['256M', '256M'],
  ['256000000', '256M'],
  ['96Mi', '96Mi'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['0.5Ki', '512'],
  ['1Ki', '1Ki'],
  ['1.1Ki', '1126400m'],
  ['1000000Ki', '1000000Ki'],
  ['1e3', '1e3'],
  ['12e2', '1200'],
  ['1e-3', '1e-3'],
  ['1E', '1E'],
  ['7Ei', '7Ei'],
  ['9223372036854775807', '9223372036854775807'],
];

describe('a quantity', () => {
  it.each(canonical)('%s comes out as %s, which stays as it is', (text, form) => {
    expect(readQuantity(text)?.text).toBe(form);
    expect(readQuantity(form)).toEqual(readQuantity(text));
  });

  it('counts the same in every form', () => {
    for (const [left, right] of [
      ['1', '1000m'],
      ['1Gi', '1024Mi'],
      ['1G', '1e9'],
      ['1.5k', '1500'],
    ] as const) {
      expect(readQuantity(left)?.billionths).toBe(readQuantity(right)?.billionths);
    }
    expect(readQuantity('256M')?.billionths).toBeLessThan(readQuantity('256Mi')?.billionths ?? 0n);
  });

  it('is nothing else', () => {
    const others = [
      ...['', ' ', '.', 'm', 'Ki', 'e3', '-1', '-0.5', '1 ', ' 1', '1_0', '1,5', '0x10', 'NaN'],
      ...['1K', '1ki', '1mi', '1MB', '1Mib', '1e', '1e1000', '1..2', '1m1', 'one', '١', '8Ei'],
      ...['9223372036854775808', '1'.repeat(100), `1${'e9'.repeat(40)}`],
    ];
    for (const text of others) expect(readQuantity(text), text).toBeUndefined();
  });
});

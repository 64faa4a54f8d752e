import { describe, expect, test } from 'vitest';
import {
  caBundle,
  type TrustProof,
  type WebhookTrust,
} from '../../../src/rules/check/ca-bundle.ts';
import { found } from '../../../src/rules/check/looked-up.ts';

const good: WebhookTrust = {
  webhook: 'a',
  bundle: 'read',
  expired: 0,
  total: 1,
  trusts: true,
  text: 'AAA',
};

function told(trust: readonly Partial<WebhookTrust>[], proof: Partial<TrustProof> = {}): string {
  const finding = caBundle(found(trust.map((one) => ({ ...good, ...one }))), {
    provenBy: undefined,
    isCertain: true,
    ...proof,
  });
  return `${finding.level}: ${finding.message}`;
}

describe('the caBundle', () => {
  const table: readonly [
    what: string,
    trust: readonly Partial<WebhookTrust>[],
    proof: Partial<TrustProof>,
    message: string,
  ][] = [
    ['trusts the certificate', [{}, {}], {}, 'ok: 2 of 2 webhooks'],
    ['is that of nobody', [], {}, 'ok: no webhook is registered'],
    [
      'is empty in one',
      [{}, { webhook: 'b', bundle: 'empty', total: 0, trusts: false, text: '' }],
      {},
      'error: it is empty in b',
    ],
    [
      'is empty, and API servers get through by what their machines trust',
      [{ bundle: 'empty', total: 0, trusts: false, text: '' }],
      { provenBy: '' },
      'ok: a dry run got through by it',
    ],
    [
      'holds no certificate',
      [{ bundle: 'unreadable', total: 0, trusts: false }],
      {},
      'error: it holds no certificate in a',
    ],
    [
      'has expired',
      [{ expired: 1, trusts: false }],
      {},
      'error: all that it trusts has expired in a',
    ],
    ['has an expired one beside a good one', [{ expired: 1, total: 2 }], {}, 'ok: 1 of 1 webhooks'],
    [
      'does not trust it',
      [{ trusts: false }, { webhook: 'b' }],
      {},
      'error: it does not trust the serving certificate in a',
    ],
    [
      'does not trust the one in the Secret, and got through',
      [{ trusts: false }],
      { provenBy: 'AAA' },
      'warning: a dry run got through, but it does not trust the certificate that is in the Secret now in a',
    ],
    [
      'does not trust one that may not be served, and got through',
      [{ trusts: false }],
      { provenBy: 'AAA', isCertain: false },
      'ok: a dry run got through by it',
    ],
    [
      'got through, but not by the one in question',
      [{ trusts: false, text: 'BBB' }],
      { provenBy: 'AAA' },
      'error: it does not trust the serving certificate in a',
    ],
    [
      'cannot be compared, and got through',
      [{ trusts: undefined }],
      { provenBy: 'AAA' },
      'ok: a dry run got through by it',
    ],
    [
      'cannot be compared',
      [{ trusts: undefined }],
      {},
      'warning: it is there, but the serving certificate cannot be seen to compare it with (a)',
    ],
    [
      'cannot be compared in one that did not get through',
      [{ trusts: undefined }, { webhook: 'b', trusts: undefined, text: 'BBB' }],
      { provenBy: 'AAA' },
      'warning: it is there, but the serving certificate cannot be seen to compare it with (b)',
    ],
  ];
  test.each(table)('that %s', (_what, trust, proof, message) => {
    expect(told(trust, proof)).toBe(message);
  });
});

import { describe, expect, it } from 'vitest';
import { readTolerations, type Toleration } from '../../../src/rules/proxy/toleration.ts';

const forms: readonly [text: string, toleration: Toleration][] = [
  ['*', { operator: 'Exists' }],
  ['*:NoExecute', { operator: 'Exists', effect: 'NoExecute' }],
  ['dedicated', { key: 'dedicated', operator: 'Exists' }],
  [
    'example.com/gpu:NoSchedule',
    { key: 'example.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
  ],
  ['dedicated=functions', { key: 'dedicated', operator: 'Equal', value: 'functions' }],
  [
    'dedicated=functions:PreferNoSchedule',
    { key: 'dedicated', operator: 'Equal', value: 'functions', effect: 'PreferNoSchedule' },
  ],
  [
    'dedicated=:NoSchedule',
    { key: 'dedicated', operator: 'Equal', value: '', effect: 'NoSchedule' },
  ],
  [
    'node.kubernetes.io/unreachable:NoExecute:30',
    {
      key: 'node.kubernetes.io/unreachable',
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 30,
    },
  ],
];

describe('a toleration', () => {
  it.each(forms)('is written %s', (text, toleration) => {
    expect(readTolerations([text])).toEqual({ value: [toleration] });
  });

  it('stands beside others, in their order', () => {
    expect(readTolerations(forms.map(([text]) => text))).toEqual({
      value: forms.map(([, toleration]) => toleration),
    });
    expect(readTolerations([])).toEqual({ value: [] });
  });

  it.each([
    ['', 'must be key=value:Effect'],
    [':NoSchedule', 'must be key=value:Effect'],
    ['=x:NoSchedule', 'must be key=value:Effect'],
    ['a b', 'must be key=value:Effect'],
    ['-a', 'must be key=value:Effect'],
    ['a=b=c', 'must be key=value:Effect'],
    ['a=b c', 'must be key=value:Effect'],
    ['*=x', 'must be key=value:Effect'],
    ['a/b/c:NoSchedule', 'must be key=value:Effect'],
    ['a:NoExecute:', 'must be key=value:Effect'],
    ['a:NoExecute:soon', 'must be key=value:Effect'],
    ['a:NoExecute:-1', 'must be key=value:Effect'],
    ['a:NoExecute:30:x', 'must be key=value:Effect'],
    ['a:noschedule', 'there are NoSchedule, PreferNoSchedule, NoExecute'],
    ['a:NoSchedule:30', 'go with NoExecute alone'],
  ])('is not written %j', (text, problem) => {
    const reading = readTolerations(['fine', text]);
    expect(reading).toEqual({ problem: expect.stringContaining(problem) });
  });
});

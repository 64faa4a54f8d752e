import { expect, test } from 'vitest';
import { RecentCauses } from '../../../src/adapters/kubernetes/recent-causes.ts';

test('a cause is news once, and again when it is still there minutes later', () => {
  const causes = new RecentCauses();
  expect(causes.isNew('list forbidden', 0)).toBe(true);
  expect(causes.isNew('list forbidden', 1_000)).toBe(false);
  expect(causes.isNew('list forbidden', 299_999)).toBe(false);
  expect(causes.isNew('list forbidden', 300_000)).toBe(true);
  expect(causes.isNew('list forbidden', 300_001)).toBe(false);
});

test('one cause does not hide another', () => {
  const causes = new RecentCauses();
  causes.isNew('list forbidden', 0);
  expect(causes.isNew('watch forbidden', 0)).toBe(true);
});

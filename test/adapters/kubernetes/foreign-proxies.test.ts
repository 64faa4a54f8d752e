import { expect, test } from 'vitest';
import { readForeignProxy } from '../../../src/adapters/kubernetes/foreign-proxies.ts';

const metadata = {
  name: 'serving-x-dapr-proxy',
  namespace: 'demo',
  creationTimestamp: '2026-01-01T00:00:00Z',
  labels: { 'openfunction.io/proxy': 'serving-x' },
};

test("a Deployment with OpenFunction's label is the proxy of the Serving that it names", () => {
  expect(readForeignProxy({ metadata })).toEqual({
    name: 'serving-x-dapr-proxy',
    namespace: 'demo',
    serving: 'serving-x',
    createdAt: '2026-01-01T00:00:00Z',
  });
});

test('nothing else is one', () => {
  for (const labels of [undefined, {}, { 'openfunction.io/proxy': '' }, 'text']) {
    expect(readForeignProxy({ metadata: { ...metadata, labels } })).toBeUndefined();
  }
  expect(readForeignProxy({ metadata: { ...metadata, name: undefined } })).toBeUndefined();
  expect(readForeignProxy({})).toBeUndefined();
});

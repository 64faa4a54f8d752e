import { expect, test } from 'vitest';
import {
  apiVersionOf,
  collectionPath,
  isObjectName,
  objectPath,
  resourceName,
  versionPath,
} from '../../../src/adapters/kubernetes/api-resource.ts';

const functions = {
  group: 'core.openfunction.io',
  version: 'v1beta2',
  plural: 'functions',
  kind: 'Function',
};
const secrets = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' };

test('paths of a custom resource', () => {
  expect(versionPath(functions)).toBe('/apis/core.openfunction.io/v1beta2');
  expect(collectionPath(functions)).toBe('/apis/core.openfunction.io/v1beta2/functions');
  expect(objectPath(functions, 'demo', 'thumbnails')).toBe(
    '/apis/core.openfunction.io/v1beta2/namespaces/demo/functions/thumbnails',
  );
  expect(resourceName(functions)).toBe('functions.core.openfunction.io');
  expect(apiVersionOf(functions)).toBe('core.openfunction.io/v1beta2');
});

test('paths of the core group', () => {
  expect(collectionPath(secrets, 'demo')).toBe('/api/v1/namespaces/demo/secrets');
  expect(resourceName(secrets)).toBe('secrets');
  expect(apiVersionOf(secrets)).toBe('v1');
});

test('names cannot lead out of a path', () => {
  expect(objectPath(functions, 'a/b', 'c?d')).toContain('/namespaces/a%2Fb/functions/c%3Fd');
  for (const name of ['', '.', '..', '../x', 'A', 'a b', '-a', 'a-', 'a/b', 'x'.repeat(254)]) {
    expect(isObjectName(name), name).toBe(false);
  }
  for (const name of ['a', 'a-b', 'a.b', '0', 'x'.repeat(253)]) {
    expect(isObjectName(name), name).toBe(true);
  }
});

import { expect, test } from 'vitest';
import { readWatchEvent } from '../../../src/adapters/kubernetes/watch-event.ts';

function event(type: unknown, object: unknown): string {
  return JSON.stringify({ type, object });
}

const object = { metadata: { name: 'thumbnails', resourceVersion: '7' } };

test('added and modified objects are the same to us', () => {
  for (const type of ['ADDED', 'MODIFIED']) {
    expect(readWatchEvent(event(type, object))).toEqual({ type: 'upsert', object, version: '7' });
  }
});

test('a deleted object comes with its version', () => {
  expect(readWatchEvent(event('DELETED', object))).toEqual({
    type: 'delete',
    object,
    version: '7',
  });
});

test('a bookmark is a version and nothing else', () => {
  expect(readWatchEvent(event('BOOKMARK', object))).toEqual({ type: 'bookmark', version: '7' });
});

test('an ERROR event is the error of its Status', () => {
  const gone = readWatchEvent(event('ERROR', { code: 410, reason: 'Expired', message: 'too old' }));
  expect(gone).toMatchObject({ type: 'error', error: { kind: 'gone', message: '410 too old' } });
  const other = readWatchEvent(event('ERROR', { code: 500, message: 'etcd is away' }));
  expect(other).toMatchObject({ type: 'error', error: { kind: 'refused', status: 500 } });
});

test('a line that is no event is an error', () => {
  for (const line of [
    '',
    '{',
    'null',
    '[]',
    '"ADDED"',
    event('ADDED', null),
    event('ADDED', { metadata: {} }),
    event('BOOKMARK', undefined),
    event('SOMETHING', object),
    event(5, object),
    event('constructor', object),
    event('ERROR', 'text'),
  ]) {
    expect(readWatchEvent(line).type, line).toBe('error');
  }
});

import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { textAt } from '../../support/json.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { status } from './mishap.ts';
import { quick, type Reflection, startReflection } from './reflection.ts';
import { until } from './until.ts';

let reflection: Reflection;
let server: FakeApiServer;

beforeEach(async () => {
  reflection = await startReflection();
  ({ server } = reflection);
});

afterEach(() => reflection.stop());

describe('the list', () => {
  test('comes in pages of 100', async () => {
    for (let index = 0; index < 203; index += 1) server.put('functions', 'demo', `f${index}`);
    reflection.follow();
    await reflection.watching();
    expect(reflection.items.size).toBe(203);
    expect(reflection.replacements).toBe(1);
    const lists = server.seen('list', 'functions');
    expect(lists.map(({ query }) => query.get('limit'))).toEqual(['100', '100', '100']);
    expect(lists.map(({ query }) => query.get('continue'))).toEqual([null, '100', '200']);
  });

  test('is what isSynced waits for', async () => {
    server.intercept = () => 'hang';
    reflection.follow();
    await until(() => expect(server.requests).toHaveLength(1));
    expect(reflection.reflector.isSynced).toBe(false);
    server.intercept = () => undefined;
    server.resetConnections();
    await reflection.watching();
    expect(reflection.reflector.isSynced).toBe(true);
  });

  test('starts over when its continue token expires', async () => {
    for (let index = 0; index < 600; index += 1) server.put('functions', 'demo', `f${index}`);
    let isExpired = true;
    server.intercept = ({ query }) => {
      if (!query.has('continue') || !isExpired) return undefined;
      isExpired = false;
      return status(410, 'Expired', 'The provided continue parameter is too old');
    };
    reflection.follow();
    await reflection.watching();
    expect(reflection.items.size).toBe(600);
    expect(reflection.errors).toEqual([]);
  });

  test('is given up when it hangs, and asked for again', async () => {
    server.put('functions', 'demo', 'thumbnails');
    server.intercept = () => (server.seen('list', 'functions').length <= 2 ? 'hang' : undefined);
    reflection.follow({ timings: { ...quick, answerTimeoutMs: 50 } });
    await until(() => expect(reflection.names()).toEqual(['demo/thumbnails']));
    expect(reflection.errors.map(({ kind }) => kind)).toEqual(['timeout']);
  });

  test('is asked for again when it is no list', async () => {
    const answers = ['', 'null', '{}', '{"items":[]}', '{"metadata":{"resourceVersion":"1"}}'];
    server.intercept = () => {
      const body = answers.pop();
      return body === undefined ? undefined : { status: 200, body };
    };
    reflection.follow();
    await reflection.watching();
    expect(reflection.errors.map(({ kind }) => kind)).toEqual(['malformed']);
  });

  test('may be a metadata list with null for its items, as API servers write an empty one', async () => {
    reflection.follow({ metadataOnly: true });
    await reflection.watching();
    expect(reflection.errors).toEqual([]);
    expect(reflection.items.size).toBe(0);
  });

  test('names what the items are, as lists of built-in kinds do not', async () => {
    server.put('functions', 'demo', 'thumbnails', { spec: { image: 'x' } });
    reflection.follow({ metadataOnly: true });
    await reflection.watching();
    expect(reflection.items.get('demo/thumbnails')).toEqual({
      apiVersion: 'core.openfunction.io/v1beta2',
      kind: 'Function',
      metadata: server.get('functions', 'demo', 'thumbnails')?.['metadata'],
    });
    server.put('functions', 'demo', 'resize');
    await until(() =>
      expect(reflection.items.get('demo/resize')).toMatchObject({ kind: 'Function' }),
    );
    expect(server.seen('list', 'functions')[0]?.accept).toBe(
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
    );
    expect(server.seen('watch', 'functions')[0]?.accept).toBe(
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
    );
  });

  test('keeps to one namespace where told to', async () => {
    server.put('functions', 'demo', 'thumbnails');
    server.put('functions', 'other', 'thumbnails');
    reflection.follow({ namespace: 'demo' });
    await reflection.watching();
    server.put('functions', 'other', 'resize');
    server.put('functions', 'demo', 'resize');
    await until(() => expect(reflection.names()).toEqual(['demo/resize', 'demo/thumbnails']));
  });
});

describe('a selection', () => {
  const selector = { labels: 'app=orders,!hidden', fields: 'status.phase!=Succeeded' };
  const labels = { app: 'orders' };

  test('is what the list has', async () => {
    server.put('functions', 'demo', 'selected', { metadata: { labels } });
    server.put('functions', 'demo', 'other', { metadata: { labels: { app: 'other' } } });
    server.put('functions', 'demo', 'hidden', { metadata: { labels: { ...labels, hidden: '' } } });
    server.put('functions', 'demo', 'ended', {
      metadata: { labels },
      status: { phase: 'Succeeded' },
    });
    reflection.follow({ selector });
    await reflection.watching();
    expect(reflection.names()).toEqual(['demo/selected']);
  });

  test('is asked for by the list and by the watch', async () => {
    reflection.follow({ selector });
    await reflection.watching();
    for (const verb of ['list', 'watch'] as const) {
      const [request] = server.seen(verb, 'functions');
      expect(request?.query.get('labelSelector')).toBe('app=orders,!hidden');
      expect(request?.query.get('fieldSelector')).toBe('status.phase!=Succeeded');
    }
  });

  test('tells of an object that begins to match, and takes away one that ceases to', async () => {
    server.put('functions', 'demo', 'ends', { metadata: { labels } });
    server.put('functions', 'demo', 'begins', {});
    reflection.follow({ selector });
    await reflection.watching();
    server.put('functions', 'demo', 'begins', { metadata: { labels } });
    server.put('functions', 'demo', 'ends', {
      metadata: { labels },
      status: { phase: 'Succeeded' },
    });
    await until(() => expect(reflection.names()).toEqual(['demo/begins']));
    server.put('functions', 'demo', 'begins', { metadata: { labels: { ...labels, hidden: '' } } });
    await until(() => expect(reflection.names()).toEqual([]));
    expect(server.seen('list', 'functions')).toHaveLength(1);
  });

  test('says of an object that is taken away which one it was', async () => {
    const gone: string[] = [];
    server.put('functions', 'demo', 'thumbnails');
    const uid = textAt(server.get('functions', 'demo', 'thumbnails'), 'metadata', 'uid');
    reflection.follow({ onDelete: (...which) => gone.push(which.join(' ')) });
    await reflection.watching();
    server.remove('functions', 'demo', 'thumbnails');
    await until(() => expect(gone).toEqual([`demo thumbnails ${uid}`]));
  });
});

describe('the watch', () => {
  test('tells of added, modified and deleted objects', async () => {
    reflection.follow();
    await reflection.watching();
    server.put('functions', 'demo', 'thumbnails', { spec: { image: 'one' } });
    await until(() =>
      expect(reflection.items.get('demo/thumbnails')).toMatchObject({ spec: { image: 'one' } }),
    );
    server.put('functions', 'demo', 'thumbnails', { spec: { image: 'two' } });
    await until(() =>
      expect(reflection.items.get('demo/thumbnails')).toMatchObject({ spec: { image: 'two' } }),
    );
    server.remove('functions', 'demo', 'thumbnails');
    await until(() => expect(reflection.names()).toEqual([]));
    expect(server.seen('list', 'functions')).toHaveLength(1);
  });

  test('removes an object that can no longer be read', async () => {
    server.put('functions', 'demo', 'thumbnails');
    reflection.follow({ read: (object) => (object['spec'] === undefined ? object : undefined) });
    await until(() => expect(reflection.names()).toEqual(['demo/thumbnails']));
    server.put('functions', 'demo', 'thumbnails', { spec: {} });
    await until(() => expect(reflection.names()).toEqual([]));
  });

  test('begins where the list ended, and ends after 5 to 10 minutes', async () => {
    server.put('functions', 'demo', 'thumbnails');
    reflection.follow({ random: () => 0.5 });
    await reflection.watching();
    expect(Object.fromEntries(server.seen('watch', 'functions')[0]?.query ?? [])).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '101',
      timeoutSeconds: '450',
    });
  });

  test('goes on where it was when the API server ends it', async () => {
    reflection.follow();
    await reflection.watching();
    server.put('functions', 'demo', 'thumbnails');
    await until(() => expect(reflection.names()).toEqual(['demo/thumbnails']));
    server.endWatches('functions');
    await until(() => expect(server.seen('watch', 'functions').length).toBeGreaterThan(1));
    server.put('functions', 'demo', 'resize');
    await until(() => expect(reflection.names()).toEqual(['demo/resize', 'demo/thumbnails']));
    expect(server.seen('watch', 'functions')[1]?.query.get('resourceVersion')).toBe('101');
    expect(server.seen('list', 'functions')).toHaveLength(1);
    expect(reflection.errors).toEqual([]);
  });

  test('goes on from the last bookmark', async () => {
    reflection.follow();
    await reflection.watching();
    const bookmark = server.bookmark('functions');
    server.expireHistory();
    server.endWatches('functions');
    await until(() => expect(server.seen('watch', 'functions').length).toBeGreaterThan(1));
    expect(server.seen('watch', 'functions')[1]?.query.get('resourceVersion')).toBe(bookmark);
    await reflection.watching();
    expect(server.seen('list', 'functions')).toHaveLength(1);
  });

  test('catches up after its connection was reset', async () => {
    reflection.follow();
    await reflection.watching();
    let isAway = true;
    server.intercept = () => (isAway ? 'reset' : undefined);
    server.resetConnections();
    server.put('functions', 'demo', 'thumbnails');
    await until(() => expect(server.seen('watch', 'functions').length).toBeGreaterThan(3));
    isAway = false;
    await until(() => expect(reflection.names()).toEqual(['demo/thumbnails']));
    expect(server.seen('list', 'functions')).toHaveLength(1);
    expect(reflection.errors.map(({ kind }) => kind)).toEqual(['unreachable']);
  });

  test('catches up after the API server was away', async () => {
    reflection.follow();
    await reflection.watching();
    await server.stop();
    server.put('functions', 'demo', 'thumbnails');
    await until(() => expect(reflection.errors).not.toEqual([]));
    await server.start();
    await until(() => expect(reflection.names()).toEqual(['demo/thumbnails']));
  });

  test('is taken for dead when nothing comes from it', async () => {
    server.intercept = ({ verb }) =>
      verb === 'watch' && server.seen('watch', 'functions').length === 1 ? 'silent' : undefined;
    reflection.follow({ timings: { ...quick, idleTimeoutMs: 50 } });
    await until(() => expect(server.seen('watch', 'functions').length).toBeGreaterThan(0));
    server.put('functions', 'demo', 'thumbnails');
    await until(() => expect(reflection.names()).toEqual(['demo/thumbnails']));
    expect(server.seen('list', 'functions')).toHaveLength(1);
  });

  test('leaves nothing behind when it ends', async () => {
    reflection.follow();
    for (let round = 1; round <= 30; round += 1) {
      await until(() => expect(server.seen('watch', 'functions')).toHaveLength(round));
      await reflection.watching();
      server.endWatches('functions');
    }
    expect(getEventListeners(reflection.stopping.signal, 'abort').length).toBeLessThanOrEqual(2);
    expect(server.connections).toBe(1);
  });

  test('is taken for dead when it never begins', async () => {
    server.intercept = ({ verb }) =>
      verb === 'watch' && server.seen('watch', 'functions').length === 1 ? 'hang' : undefined;
    reflection.follow({ timings: { ...quick, answerTimeoutMs: 50 } });
    await until(() => expect(server.seen('watch', 'functions').length).toBeGreaterThan(0));
    server.put('functions', 'demo', 'thumbnails');
    await until(() => expect(reflection.names()).toEqual(['demo/thumbnails']));
  });
});

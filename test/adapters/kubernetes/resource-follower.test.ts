import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import {
  type FollowerTimings,
  ResourceFollower,
} from '../../../src/adapters/kubernetes/resource-follower.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { FakeApiServer } from './fake-api-server.ts';
import { status } from './mishap.ts';
import { keyOf, quick } from './reflection.ts';
import { until } from './until.ts';

const v1beta1 = 'core.openfunction.io/v1beta1';
const v1beta2 = 'core.openfunction.io/v1beta2';
const timings: FollowerTimings = {
  ...quick,
  recheckMs: 10,
  absence: { firstMs: 1, maxMs: 10 },
};

let server: FakeApiServer;
let connection: KubernetesConnection;
let follower: ResourceFollower<JsonObject>;
let stopping: AbortController;
let running: Promise<void>;
let items: Map<string, JsonObject>;
let versions: (string | undefined)[];
let errors: ApiError[];

beforeEach(async () => {
  server = new FakeApiServer();
  await server.start();
  connection = new KubernetesConnection(() => server.kubeConfig());
  stopping = new AbortController();
  items = new Map();
  versions = [];
  errors = [];
});

afterEach(async () => {
  stopping.abort();
  await running;
  connection.close();
  await server.stop();
});

function follow(): void {
  follower = new ResourceFollower<JsonObject>({
    connection,
    resource: {
      group: 'core.openfunction.io',
      versions: ['v1beta2', 'v1beta1'],
      plural: 'functions',
      kind: 'Function',
    },
    read: (object) => object,
    onReplace: (all) => {
      items = new Map(all.map((item) => [keyOf(item), item]));
    },
    onUpsert: (item) => items.set(keyOf(item), item),
    onDelete: (namespace, name) => items.delete(`${namespace}/${name}`),
    onError: (error) => errors.push(error),
    onVersion: (version) => versions.push(version),
    timings,
  });
  running = follower.run(stopping.signal);
}

async function synced(): Promise<void> {
  await until(() => expect(follower.isSynced).toBe(true));
}

async function watching(version: string): Promise<void> {
  await until(() => {
    expect(server.openWatches('functions')).toBe(1);
    expect(server.seen('watch', 'functions').at(-1)?.version).toBe(version);
  });
}

describe('a definition', () => {
  test('that is not installed is no error, and not waited for', async () => {
    follow();
    expect(follower.isSynced).toBe(false);
    await synced();
    expect(versions).toEqual([undefined]);
    expect(errors).toEqual([]);
  });

  test('that appears is followed', async () => {
    server.put('functions', 'demo', 'thumbnails');
    follow();
    await synced();
    server.install(v1beta2, 'functions', 'Function');
    await watching(v1beta2);
    expect([...items.keys()]).toEqual(['demo/thumbnails']);
    expect(versions).toEqual([undefined, 'v1beta2']);
    expect(errors).toEqual([]);
  });

  test('that is announced before it can be listed is tried again', async () => {
    server.put('functions', 'demo', 'thumbnails');
    server.install(v1beta2, 'functions', 'Function');
    server.intercept = ({ verb }) =>
      verb === 'list' && server.seen('list', 'functions').length < 4
        ? { status: 404, body: '404 page not found' }
        : undefined;
    follow();
    await watching(v1beta2);
    expect([...items.keys()]).toEqual(['demo/thumbnails']);
    expect(errors).toEqual([]);
  });

  test('that goes takes its objects along', async () => {
    server.install(v1beta2, 'functions', 'Function');
    server.put('functions', 'demo', 'thumbnails');
    follow();
    await watching(v1beta2);
    server.uninstall(v1beta2, 'functions');
    server.endWatches('functions');
    await until(() => expect(items.size).toBe(0));
    expect(versions).toEqual(['v1beta2', undefined]);
    expect(follower.isSynced).toBe(true);
  });

  test('that is gone for a moment, as while an API server starts, takes nothing along', async () => {
    server.install(v1beta2, 'functions', 'Function');
    server.put('functions', 'demo', 'thumbnails');
    follow();
    await watching(v1beta2);
    let absences = 0;
    server.intercept = ({ verb }) => {
      if (verb === 'watch' && absences === 0) return { status: 404, body: '404 page not found' };
      if (verb !== 'list' || absences >= 3) return undefined;
      absences += 1;
      return { status: 404, body: '404 page not found' };
    };
    server.endWatches('functions');
    await until(() => expect(absences).toBe(3));
    await watching(v1beta2);
    expect([...items.keys()]).toEqual(['demo/thumbnails']);
    expect(versions).toEqual(['v1beta2']);
  });
});

describe('the version', () => {
  test('is v1beta1 until v1beta2 is served', async () => {
    server.install(v1beta1, 'functions', 'Function');
    server.put('functions', 'demo', 'thumbnails');
    follow();
    await watching(v1beta1);
    expect(items.get('demo/thumbnails')).toMatchObject({ apiVersion: v1beta1 });
    expect(follower.version).toBe('v1beta1');
    server.install(v1beta2, 'functions', 'Function');
    await watching(v1beta2);
    expect(items.get('demo/thumbnails')).toMatchObject({ apiVersion: v1beta2 });
    expect(follower.version).toBe('v1beta2');
    expect(versions).toEqual(['v1beta1', 'v1beta2']);
    expect(errors).toEqual([]);
  });

  test('is v1beta1 again when v1beta2 is no longer served', async () => {
    server.install(v1beta1, 'functions', 'Function');
    server.install(v1beta2, 'functions', 'Function');
    follow();
    await watching(v1beta2);
    server.uninstall(v1beta2, 'functions');
    await watching(v1beta1);
    expect(versions).toEqual(['v1beta2', 'v1beta1']);
  });

  test('stays when there is trouble with finding out about others', async () => {
    server.install(v1beta2, 'functions', 'Function');
    follow();
    await watching(v1beta2);
    server.intercept = ({ verb }) =>
      verb === 'discover' ? status(403, 'Forbidden', 'no') : undefined;
    const looks = server.seen('discover', '').length;
    await until(() => expect(server.seen('discover', '').length).toBeGreaterThan(looks + 2));
    server.put('functions', 'demo', 'thumbnails');
    await until(() => expect(items.size).toBe(1));
    expect(server.seen('list', 'functions')).toHaveLength(1);
    expect(errors).toEqual([]);
  });
});

test('trouble with finding out what is served is told once, and is not absence', async () => {
  server.intercept = () => status(503, 'ServiceUnavailable', 'starting');
  follow();
  await until(() => expect(server.requests.length).toBeGreaterThan(10));
  expect(follower.isSynced).toBe(false);
  expect(errors.map(({ message }) => message)).toEqual([
    'Cannot discover functions.core.openfunction.io in all namespaces: 503 starting',
  ]);
  server.intercept = () => undefined;
  await synced();
});

test('stopping waits for nothing', async () => {
  server.install(v1beta2, 'functions', 'Function');
  follow();
  await watching(v1beta2);
  stopping.abort();
  await running;
  await until(() => expect(server.openWatches('functions')).toBe(0));
});

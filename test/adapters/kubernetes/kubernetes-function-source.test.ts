import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import {
  KubernetesFunctionSource,
  type KubernetesFunctionSourceOptions,
} from '../../../src/adapters/kubernetes/kubernetes-function-source.ts';
import type { FollowerTimings } from '../../../src/adapters/kubernetes/resource-follower.ts';
import type { ComponentModel } from '../../../src/api/component.ts';
import type { FunctionModel } from '../../../src/api/function.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { ServingReference } from '../../../src/api/serving.ts';
import { FakeApiServer } from './fake-api-server.ts';
import { status } from './mishap.ts';
import { until } from './until.ts';

const v1beta1 = 'core.openfunction.io/v1beta1';
const v1beta2 = 'core.openfunction.io/v1beta2';
const dapr = 'dapr.io/v1alpha1';
const quick: FollowerTimings = {
  answerTimeoutMs: 20_000,
  idleTimeoutMs: 20_000,
  watchSeconds: 300,
  backoff: { firstMs: 1, maxMs: 10 },
  recheckMs: 10,
  absence: { firstMs: 1, maxMs: 10 },
};

let server: FakeApiServer;
let connection: KubernetesConnection;
let source: KubernetesFunctionSource;
let errors: ApiError[];
let versions: string[];
let nowMs: number;

beforeEach(async () => {
  server = new FakeApiServer();
  await server.start();
  connection = new KubernetesConnection(() => server.kubeConfig());
  errors = [];
  versions = [];
  nowMs = 0;
});

afterEach(async () => {
  await source.stop();
  connection.close();
  await server.stop();
});

function create(options: Partial<KubernetesFunctionSourceOptions> = {}): void {
  source = new KubernetesFunctionSource({
    connection,
    onError: (error) => errors.push(error),
    onVersion: (resource, version) => versions.push(`${resource.split('.')[0]} ${version}`),
    timings: quick,
    now: () => nowMs,
    ...options,
  });
}

function follow(options: Partial<KubernetesFunctionSourceOptions> = {}): void {
  create(options);
  source.start();
}

function installAll(): void {
  server.install(v1beta2, 'functions', 'Function');
  server.install(v1beta2, 'servings', 'Serving');
  server.install(dapr, 'components', 'Component');
}

async function synced(): Promise<void> {
  await until(() => expect(source.isSynced()).toBe(true));
}

describe('the memory', () => {
  test('holds Functions, Servings and Components', async () => {
    installAll();
    server.put('functions', 'demo', 'thumbnails', { spec: { image: 'thumbnails:v1' } });
    server.put('servings', 'demo', 'serving-x', {
      metadata: { labels: { 'openfunction.io/function': 'thumbnails' } },
      spec: { image: 'thumbnails:v1' },
    });
    server.put('components', 'demo', 'queue', {
      metadata: { labels: { 'openfunction.io/serving': 'serving-x' } },
      spec: { type: 'pubsub.kafka', metadata: [{ name: 'password', value: 'secret' }] },
    });
    follow();
    await synced();
    expect(source.function('demo', 'thumbnails')).toMatchObject({
      version: 'v1beta2',
      image: 'thumbnails:v1',
    });
    expect(source.serving('demo', 'serving-x')?.function).toBe('thumbnails');
    expect(source.servingsOf('demo', 'thumbnails')).toEqual(['serving-x']);
    expect(source.components('demo').byName('queue')).toEqual({
      name: 'queue',
      namespace: 'demo',
      type: 'pubsub.kafka',
      serving: 'serving-x',
      declaredAs: undefined,
    });
    expect(versions.sort()).toEqual([
      'components v1alpha1',
      'functions v1beta2',
      'servings v1beta2',
    ]);
  });

  test('asks for no more of Servings than their metadata', async () => {
    installAll();
    follow();
    await synced();
    await until(() => expect(server.openWatches('servings')).toBe(1));
    const requests = server.requests.filter(({ plural }) => plural === 'servings');
    for (const { accept } of requests) expect(accept).toContain('as=PartialObjectMetadata');
  });

  test('follows changes, and wakes who waits for one', async () => {
    installAll();
    follow();
    await synced();
    const found = source.waitFor(() => source.function('demo', 'thumbnails'), 20_000);
    server.put('functions', 'demo', 'thumbnails');
    expect(await found).toMatchObject({ name: 'thumbnails' });
    server.remove('functions', 'demo', 'thumbnails');
    await until(() => expect(source.function('demo', 'thumbnails')).toBeUndefined());
  });

  test('keeps to one namespace where told to', async () => {
    installAll();
    server.put('functions', 'demo', 'thumbnails');
    server.put('functions', 'other', 'thumbnails');
    follow({ namespace: 'demo' });
    await synced();
    expect(source.function('demo', 'thumbnails')).toBeDefined();
    expect(source.function('other', 'thumbnails')).toBeUndefined();
  });
});

describe('a definition that is not installed', () => {
  test('is no error, and not waited for', async () => {
    follow();
    expect(source.isSynced()).toBe(false);
    expect(source.missing()).toEqual([
      'functions.core.openfunction.io',
      'servings.core.openfunction.io',
      'components.dapr.io',
    ]);
    await synced();
    expect(source.missing()).toEqual([]);
    expect(errors).toEqual([]);
    expect(versions.sort()).toEqual([
      'components undefined',
      'functions undefined',
      'servings undefined',
    ]);
  });
});

describe('a subscriber', () => {
  /** What was told, in words. */
  let told: string[];
  let unsubscribe: () => void;

  beforeEach(() => {
    told = [];
  });

  /** Follows, and subscribes when everything is known. */
  async function subscribed(): Promise<void> {
    installAll();
    follow();
    await synced();
    await until(() => {
      for (const plural of ['functions', 'servings', 'components']) {
        expect(server.openWatches(plural)).toBe(1);
      }
    });
    unsubscribe = source.subscribe((change) => {
      if (change.resource === 'all') told.push('all');
      else told.push([change.resource, ...change.items.map(wordsOf)].join(' '));
    });
  }

  function wordsOf(item: FunctionModel | ServingReference | ComponentModel): string {
    if ('image' in item) return `${item.name}:${item.image}`;
    return 'type' in item ? `${item.name}:${item.type}` : `${item.name}:${item.function}`;
  }

  function spec(image: string): JsonObject {
    return { spec: { image } };
  }

  test('is told of a Function as it was and as it is, as far as there is one', async () => {
    await subscribed();
    server.put('functions', 'demo', 'thumbnails', spec('one'));
    server.put('functions', 'demo', 'thumbnails', spec('two'));
    server.remove('functions', 'demo', 'thumbnails');
    const expected = [
      'functions thumbnails:one',
      'functions thumbnails:one thumbnails:two',
      'functions thumbnails:two',
    ];
    await until(() => expect(told).toEqual(expected));
  });

  test('is told of Servings and Components the same way', async () => {
    await subscribed();
    const ofFunction = (name: string): JsonObject => ({
      metadata: { labels: { 'openfunction.io/function': name } },
    });
    server.put('servings', 'demo', 'serving-x', ofFunction('one'));
    server.put('servings', 'demo', 'serving-x', ofFunction('two'));
    await until(() => expect(told).toHaveLength(2));
    server.put('components', 'demo', 'queue', { spec: { type: 'pubsub.kafka' } });
    server.remove('components', 'demo', 'queue');
    await until(() => expect(told).toHaveLength(4));
    expect(told).toEqual([
      'servings serving-x:one',
      'servings serving-x:one serving-x:two',
      'components queue:pubsub.kafka',
      'components queue:pubsub.kafka',
    ]);
  });

  test('is not told of a change of a status, which is what most changes are', async () => {
    await subscribed();
    server.put('functions', 'demo', 'thumbnails', spec('one'));
    server.put('functions', 'demo', 'thumbnails', { ...spec('one'), status: { route: {} } });
    server.put('functions', 'demo', 'thumbnails', spec('two'));
    await until(() => expect(told).toHaveLength(2));
    expect(told[1]).toBe('functions thumbnails:one thumbnails:two');
  });

  test('finds in the memory what it is told of', async () => {
    await subscribed();
    const seen: unknown[] = [];
    source.subscribe(() => seen.push(source.function('demo', 'thumbnails')?.image));
    server.put('functions', 'demo', 'thumbnails', spec('one'));
    await until(() => expect(seen).toEqual(['one']));
    server.remove('functions', 'demo', 'thumbnails');
    await until(() => expect(seen).toEqual(['one', undefined]));
  });

  test('is told after a list that anything may have changed', async () => {
    await subscribed();
    server.expireHistory();
    server.put('functions', 'demo', 'thumbnails');
    server.expireHistory();
    server.resetConnections();
    await until(() => expect(told).toContain('all'));
    await until(() => expect(source.function('demo', 'thumbnails')).toBeDefined());
  });

  test('is told what vanished while nobody watched', async () => {
    await subscribed();
    server.put('functions', 'demo', 'stays', spec('one'));
    server.put('functions', 'demo', 'vanishes', spec('one'));
    await until(() => expect(told).toHaveLength(2));
    told = [];
    server.intercept = ({ plural }) => (plural === 'functions' ? 'reset' : undefined);
    server.resetConnections();
    server.remove('functions', 'demo', 'vanishes');
    server.expireHistory();
    server.intercept = () => undefined;
    await until(() => expect(told).toContain('functions vanishes:one'));
    expect(told).toContain('all');
    expect(told.join()).not.toContain('stays');
  });

  test('is told nothing any more once it has had enough', async () => {
    await subscribed();
    unsubscribe();
    server.put('functions', 'demo', 'thumbnails');
    await until(() => expect(source.function('demo', 'thumbnails')).toBeDefined());
    expect(told).toEqual([]);
  });
});

describe("Dapr's Components", () => {
  test('are served once they were listed, and until they are gone for good', async () => {
    server.install(v1beta2, 'functions', 'Function');
    server.install(v1beta2, 'servings', 'Serving');
    follow();
    await synced();
    expect(source.componentsAreServed).toBe(false);
    let mayList = false;
    server.intercept = ({ verb, plural }) =>
      verb === 'list' && plural === 'components' && !mayList ? 'hang' : undefined;
    server.install(dapr, 'components', 'Component');
    await until(() => expect(server.seen('list', 'components')).not.toEqual([]));
    expect(source.componentsAreServed).toBe(false);
    mayList = true;
    server.resetConnections();
    await until(() => expect(source.componentsAreServed).toBe(true));
    server.uninstall(dapr, 'components');
    server.endWatches('components');
    await until(() => expect(source.componentsAreServed).toBe(false));
  });

  test('stay served while an API server that starts does not know of them yet', async () => {
    installAll();
    follow();
    await until(() => expect(server.openWatches('components')).toBe(1));
    let absences = 0;
    let changes = 0;
    server.intercept = ({ verb, plural, version }) => {
      const isAbout = plural === 'components' || (verb === 'discover' && version === dapr);
      if (!isAbout || absences >= 4) return undefined;
      absences += 1;
      if (!source.componentsAreServed) changes += 1;
      return { status: 404, body: '404 page not found' };
    };
    server.endWatches('components');
    await until(() => expect(absences).toBe(4));
    await until(() => expect(server.openWatches('components')).toBe(1));
    expect(source.componentsAreServed).toBe(true);
    expect(changes).toBe(0);
  });
});

describe('trouble', () => {
  test('keeps what is known, and is told once for each resource', async () => {
    installAll();
    server.put('functions', 'demo', 'thumbnails');
    follow();
    await synced();
    await until(() => expect(server.openWatches('components')).toBe(1));
    server.intercept = ({ plural }) =>
      plural === '' ? undefined : status(403, 'Forbidden', 'not allowed');
    server.endWatches('functions');
    await until(() => expect(server.seen('list', 'functions').length).toBeGreaterThan(4));
    expect(errors.map(({ message }) => message.split(';')[0])).toEqual([
      'Cannot watch functions.core.openfunction.io in all namespaces',
      'Cannot list functions.core.openfunction.io in all namespaces',
    ]);
    expect(source.function('demo', 'thumbnails')).toBeDefined();
    expect(source.isSynced()).toBe(true);
  });

  test('with finding out what is served is told once, and is not absence', async () => {
    server.intercept = () => status(503, 'ServiceUnavailable', 'starting');
    follow();
    await until(() => expect(server.requests.length).toBeGreaterThan(10));
    expect(source.isSynced()).toBe(false);
    expect(errors.map(({ message }) => message).sort()).toEqual([
      'Cannot discover components.dapr.io in all namespaces: 503 starting',
      'Cannot discover functions.core.openfunction.io in all namespaces: 503 starting',
      'Cannot discover servings.core.openfunction.io in all namespaces: 503 starting',
    ]);
    server.intercept = () => undefined;
    await synced();
  });

  test('shows as staleness', async () => {
    installAll();
    follow();
    await synced();
    const watched = ['functions', 'servings', 'components'];
    await until(() => {
      for (const plural of watched) expect(server.openWatches(plural)).toBe(1);
    });
    await server.stop();
    await until(() => expect(errors).toHaveLength(3));
    nowMs += 42_000;
    expect(source.staleness()).toEqual([
      { resource: 'functions.core.openfunction.io', seconds: 42 },
      { resource: 'servings.core.openfunction.io', seconds: 42 },
      { resource: 'components.dapr.io', seconds: 42 },
    ]);
    await server.start();
    await until(() => {
      for (const { seconds } of source.staleness()) expect(seconds).toBe(0);
    });
  });

  test('does not show where nothing is installed', async () => {
    follow();
    await synced();
    nowMs += 42_000;
    await until(() => {
      for (const { seconds } of source.staleness()) expect(seconds).toBe(0);
    });
  });
});

describe('a read', () => {
  const signal = new AbortController().signal;

  test('asks once in the version in use', async () => {
    installAll();
    follow();
    await synced();
    server.put('functions', 'demo', 'thumbnails', { spec: { image: 'thumbnails:v1' } });
    expect(await source.readFunction('demo', 'thumbnails', signal)).toMatchObject({
      version: 'v1beta2',
      namespace: 'demo',
      image: 'thumbnails:v1',
    });
    expect(await source.readFunction('demo', 'missing', signal)).toBeUndefined();
    expect(server.seen('get', 'functions').map(({ path }) => path)).toEqual([
      '/apis/core.openfunction.io/v1beta2/namespaces/demo/functions/thumbnails',
      '/apis/core.openfunction.io/v1beta2/namespaces/demo/functions/missing',
    ]);
  });

  test('tries one version after the other while none is known', async () => {
    server.install(v1beta1, 'functions', 'Function');
    server.install(v1beta1, 'servings', 'Serving');
    server.put('functions', 'demo', 'thumbnails');
    server.put('servings', 'demo', 'serving-x', {
      metadata: { labels: { 'openfunction.io/function': 'thumbnails' } },
    });
    create();
    expect(await source.readFunction('demo', 'thumbnails', signal)).toMatchObject({
      version: 'v1beta1',
    });
    expect(await source.readServing('demo', 'serving-x', signal)).toMatchObject({
      function: 'thumbnails',
    });
    expect(await source.readServing('demo', 'missing', signal)).toBeUndefined();
    expect(server.seen('get', 'servings')).toHaveLength(4);
  });

  test('does not ask for what cannot be a name', async () => {
    create();
    for (const name of ['', '..', 'a/b', 'Thumbnails']) {
      expect(await source.readFunction('demo', name, signal)).toBeUndefined();
      expect(await source.readServing(name, 'serving-x', signal)).toBeUndefined();
    }
    expect(server.requests).toEqual([]);
  });

  test('rejects when there is no answer in time', async () => {
    server.intercept = () => 'hang';
    create();
    await expect(
      source.readFunction('demo', 'thumbnails', AbortSignal.timeout(20)),
    ).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('rejects when it is refused', async () => {
    server.intercept = () => status(403, 'Forbidden', 'no');
    create();
    await expect(source.readServing('demo', 'serving-x', signal)).rejects.toMatchObject({
      kind: 'forbidden',
    });
  });
});

describe('stopping', () => {
  test('closes every watch and leaves no connection', async () => {
    installAll();
    follow();
    await synced();
    await until(() => expect(server.openWatches('components')).toBe(1));
    await source.stop();
    connection.close();
    await until(() => expect(server.openConnections).toBe(0));
    const requests = server.requests.length;
    server.put('functions', 'demo', 'thumbnails');
    expect(source.function('demo', 'thumbnails')).toBeUndefined();
    expect(server.requests).toHaveLength(requests);
  });

  test('works while nothing answers, and without a start', async () => {
    server.intercept = () => 'hang';
    follow();
    await until(() => expect(server.requests).toHaveLength(3));
    await source.stop();
    create();
    await source.stop();
    expect(errors).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeApiServer } from './fake-api-server.ts';
import { status } from './mishap.ts';
import { keyOf, quick, type Reflection, startReflection } from './reflection.ts';
import { until } from './until.ts';

let reflection: Reflection;
let server: FakeApiServer;

beforeEach(async () => {
  reflection = await startReflection();
  ({ server } = reflection);
});

afterEach(() => reflection.stop());

describe('a new list', () => {
  test('removes what vanished while history expired', async () => {
    server.put('functions', 'demo', 'stays');
    server.put('functions', 'demo', 'vanishes');
    reflection.follow();
    await reflection.watching();
    server.intercept = () => 'reset';
    server.resetConnections();
    server.remove('functions', 'demo', 'vanishes');
    server.expireHistory();
    server.intercept = () => undefined;
    await until(() => expect(reflection.names()).toEqual(['demo/stays']));
    expect(reflection.replacements).toBe(2);
    expect(reflection.errors.filter(({ kind }) => kind === 'gone')).toEqual([]);
  });

  test('follows a watch that is refused with 410', async () => {
    server.intercept = ({ verb }) =>
      verb === 'watch' && reflection.replacements < 2 ? status(410, 'Gone', 'too old') : undefined;
    reflection.follow();
    await reflection.watching();
    expect(reflection.replacements).toBe(2);
  });

  test('follows an ERROR event', async () => {
    reflection.follow();
    await reflection.watching();
    const object = { code: 500, message: 'etcd is away' };
    server.writeToWatches('functions', `${JSON.stringify({ type: 'ERROR', object })}\n`);
    await until(() => expect(reflection.replacements).toBe(2));
    await reflection.watching();
    expect(reflection.errors.map(({ message }) => message)).toEqual([
      'Cannot watch functions.core.openfunction.io in all namespaces: 500 etcd is away',
    ]);
  });

  test('follows a malformed line, and nothing is lost', async () => {
    reflection.follow();
    await reflection.watching();
    server.writeToWatches('functions', '{"type":"ADDED","object":\n');
    server.put('functions', 'demo', 'thumbnails');
    await until(() => expect(reflection.names()).toEqual(['demo/thumbnails']));
    await reflection.watching();
    server.put('functions', 'demo', 'resize');
    await until(() => expect(reflection.names()).toEqual(['demo/resize', 'demo/thumbnails']));
    expect(reflection.errors.map(({ kind }) => kind)).toEqual(['malformed']);
  });

  test('follows a failure of whoever is told', async () => {
    let isBroken = true;
    reflection.follow({
      onUpsert: (item) => {
        if (isBroken) throw new Error('broken hook');
        reflection.items.set(keyOf(item), item);
      },
    });
    await reflection.watching();
    server.put('functions', 'demo', 'thumbnails');
    await until(() => expect(reflection.names()).toEqual(['demo/thumbnails']));
    isBroken = false;
    expect(reflection.errors[0]?.message).toContain('broken hook');
  });
});

describe('trouble', () => {
  test('without permission is told once, with verb, resource and scope', async () => {
    server.intercept = () => status(403, 'Forbidden', 'User "system:x" cannot list resource');
    reflection.follow();
    await until(() => expect(server.seen('list', 'functions').length).toBeGreaterThan(5));
    expect(reflection.errors.map(({ message }) => message)).toEqual([
      'Cannot list functions.core.openfunction.io in all namespaces; a ClusterRole has to grant ' +
        '"list" on "functions" of API group "core.openfunction.io": ' +
        '403 User "system:x" cannot list resource',
    ]);
  });

  test('without permission is not told of an API server that has just come back, unless it stays so', async () => {
    const refusal = status(403, 'Forbidden', 'User "x" cannot list resource "functions"');
    const kindsTold = () => reflection.errors.map(({ kind }) => kind);
    const answers = ['reset', refusal, undefined] as const;
    let lists = 0;
    server.intercept = ({ verb }) => {
      if (verb !== 'list') return undefined;
      lists += 1;
      return answers[lists - 1];
    };
    reflection.follow();
    await reflection.watching();
    expect(kindsTold()).toEqual(['unreachable']);

    let refusals = 0;
    server.intercept = () => {
      refusals += 1;
      return refusal;
    };
    server.resetConnections();
    await until(() => expect(kindsTold()).toContain('forbidden'));
    expect(refusals).toBeGreaterThan(1);
  });

  test('of another kind is told beside it', async () => {
    server.intercept = ({ verb }) =>
      verb === 'watch' ? status(403, 'Forbidden', 'no') : undefined;
    reflection.follow({ namespace: 'demo' });
    await until(() => expect(reflection.errors).toHaveLength(1));
    expect(reflection.errors[0]?.message).toMatch(
      /^Cannot watch .* in namespace "demo"; a Role has to grant/,
    );
    server.intercept = () => status(500, 'InternalError', 'etcd is away');
    await until(() =>
      expect(reflection.errors.at(-1)?.message).toMatch(/^Cannot list .*: 500 etcd is away$/),
    );
  });

  test('is told again when it is still there minutes later', async () => {
    server.intercept = () => status(403, 'Forbidden', 'no');
    reflection.follow();
    await until(() => expect(reflection.errors).toHaveLength(1));
    reflection.nowMs += 5 * 60_000;
    await until(() => expect(reflection.errors).toHaveLength(2));
  });

  test('that the API server asks to wait after is waited for', async () => {
    let refused = 0;
    server.intercept = () => {
      refused += 1;
      return refused > 1
        ? undefined
        : { status: 429, body: { details: { retryAfterSeconds: 0.1 } } };
    };
    const startedAtMs = performance.now();
    reflection.follow();
    await reflection.watching();
    expect(performance.now() - startedAtMs).toBeGreaterThan(90);
  });

  test('ends it when the resource is not served', async () => {
    server.uninstall('core.openfunction.io/v1beta2', 'functions');
    reflection.follow();
    expect(await reflection.running).toBe('not served');
    expect(reflection.errors).toEqual([]);
  });
});

describe('staleness', () => {
  test('grows while nothing is heard, and ends with an event, a bookmark or a list', async () => {
    reflection.follow();
    await reflection.watching();
    reflection.nowMs += 60_000;
    expect(reflection.reflector.staleMs()).toBe(60_000);
    server.bookmark('functions');
    await until(() => expect(reflection.reflector.staleMs()).toBe(0));
    reflection.nowMs += 1_000;
    server.put('functions', 'demo', 'thumbnails');
    await until(() => expect(reflection.reflector.staleMs()).toBe(0));
  });

  test('grows while the API server is away', async () => {
    reflection.follow();
    await reflection.watching();
    await server.stop();
    await until(() => expect(reflection.errors).not.toEqual([]));
    reflection.nowMs += 30_000;
    expect(reflection.reflector.staleMs()).toBe(30_000);
    await server.start();
    await until(() => expect(reflection.reflector.staleMs()).toBe(0));
  });
});

describe('stopping', () => {
  test('closes the watch and its connection', async () => {
    reflection.follow();
    await reflection.watching();
    reflection.stopping.abort();
    expect(await reflection.running).toBe('stopped');
    await until(() => expect(server.openWatches('functions')).toBe(0));
    reflection.connection.close();
    await until(() => expect(server.openConnections).toBe(0));
  });

  test('does not wait for an answer', async () => {
    server.intercept = () => 'hang';
    reflection.follow();
    await until(() => expect(server.requests).toHaveLength(1));
    reflection.stopping.abort();
    expect(await reflection.running).toBe('stopped');
    expect(reflection.errors).toEqual([]);
  });

  test('does not wait for a delay to pass', async () => {
    server.intercept = () => 'reset';
    reflection.follow({ timings: { ...quick, backoff: { firstMs: 3_600_000, maxMs: 3_600_000 } } });
    await until(() => expect(reflection.errors).toHaveLength(1));
    reflection.stopping.abort();
    expect(await reflection.running).toBe('stopped');
  });

  test('before the start asks for nothing', async () => {
    reflection.stopping.abort();
    reflection.follow();
    expect(await reflection.running).toBe('stopped');
    expect(server.requests).toEqual([]);
  });
});

import type { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import { FakeApiServer } from './fake-api-server.ts';
import { status } from './mishap.ts';
import { until } from './until.ts';

const path = '/apis/core.openfunction.io/v1beta2/namespaces/demo/functions/thumbnails';
const version = 'core.openfunction.io/v1beta2';

let server: FakeApiServer;
let connection: KubernetesConnection | undefined;
let stopping: AbortController;

beforeEach(async () => {
  connection = undefined;
  stopping = new AbortController();
  await serve(new FakeApiServer());
});

afterEach(async () => {
  connection?.close();
  await server.stop();
});

async function serve(fake: FakeApiServer): Promise<void> {
  server = fake;
  server.install(version, 'functions', 'Function');
  server.put('functions', 'demo', 'thumbnails');
  await server.start();
}

function connect(change: (config: KubeConfig) => void = () => undefined): KubernetesConnection {
  connection = new KubernetesConnection(() => {
    const config = server.kubeConfig();
    change(config);
    return config;
  });
  return connection;
}

function get(signal = stopping.signal): Promise<unknown> {
  return (connection ?? connect()).getJson(path, { signal });
}

describe('a request', () => {
  test('resolves with the object of the answer', async () => {
    expect(await get()).toMatchObject({ kind: 'Function', metadata: { name: 'thumbnails' } });
  });

  test('carries the credentials and keeps the path of the server', async () => {
    connect((config) => {
      Object.assign(config.getCurrentCluster() ?? {}, { server: `${server.url}/k8s/clusters/c1/` });
    });
    await expect(get()).rejects.toMatchObject({ kind: 'not-found' });
    expect(server.requests[0]).toMatchObject({
      path: `/k8s/clusters/c1${path}`,
      accept: 'application/json',
      authorization: 'Bearer secret',
    });
  });

  test('uses the connection of the one before it', async () => {
    for (let index = 0; index < 20; index += 1) await get();
    expect(server.connections).toBe(1);
  });

  test('opens a limited number of connections in a burst', async () => {
    await Promise.all(Array.from({ length: 200 }, () => get()));
    expect(server.requests).toHaveLength(200);
    expect(server.connections).toBeLessThanOrEqual(32);
  });

  test('is sent again when an idle connection turns out to be closed', async () => {
    await get();
    server.intercept = () => (server.requests.length === 2 ? 'reset' : undefined);
    expect(await get()).toMatchObject({ kind: 'Function' });
    expect(server.requests).toHaveLength(3);
  });

  test('is not sent again when a new connection is closed', async () => {
    server.intercept = () => 'reset';
    await expect(get()).rejects.toMatchObject({ name: 'ApiError', kind: 'unreachable' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('a refusal', () => {
  test('rejects with what the API server said', async () => {
    server.intercept = () => status(403, 'Forbidden', 'functions "thumbnails" is forbidden');
    await expect(get()).rejects.toMatchObject({
      kind: 'forbidden',
      status: 403,
      message: '403 functions "thumbnails" is forbidden',
    });
  });

  test('need not be JSON', async () => {
    server.intercept = () => ({ status: 502, body: '<html>Bad Gateway</html>' });
    await expect(get()).rejects.toMatchObject({ kind: 'refused', message: '502' });
  });

  test('leaves the connection in use', async () => {
    server.intercept = () => status(404, 'NotFound', 'not found');
    for (let index = 0; index < 5; index += 1) await expect(get()).rejects.toThrow('404');
    expect(server.connections).toBe(1);
  });
});

test('an answer that is no JSON object is malformed', async () => {
  for (const body of ['', 'text', '[]', 'null', '{"kind":']) {
    server.intercept = () => ({ status: 200, body });
    await expect(get(), body).rejects.toMatchObject({ kind: 'malformed' });
  }
});

test('an API server that is not there is unreachable', async () => {
  connect();
  await server.stop();
  await expect(get()).rejects.toMatchObject({
    kind: 'unreachable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

describe('giving up', () => {
  test('on an answer that does not come rejects with the reason', async () => {
    server.intercept = () => 'hang';
    await expect(get(AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' });
    await until(() => expect(server.openConnections).toBe(0));
  });

  test('on an answer that stops half-way rejects with the reason', async () => {
    server.intercept = () => 'silent';
    await expect(get(AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' });
    await until(() => expect(server.openConnections).toBe(0));
  });

  test('before it begins sends nothing', async () => {
    const reason = new Error('stopped');
    await expect(get(AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });

  test('does not wait for credentials that do not come', async () => {
    connect((config) => {
      config.addAuthenticator({
        isAuthProvider: () => true,
        applyAuthentication: () => new Promise<void>(() => undefined),
      });
    });
    await expect(get(AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('lines', () => {
  const watch = { watch: 'true', resourceVersion: '101' };
  const functions = '/apis/core.openfunction.io/v1beta2/functions';

  test('come as they are written, and end with the answer', async () => {
    const lines = await connect().getLines(functions, { query: watch, signal: stopping.signal });
    server.writeToWatches('functions', 'one\ntwo\nthr');
    expect((await lines.next()).value).toBe('one');
    expect((await lines.next()).value).toBe('two');
    server.writeToWatches('functions', 'ee\n');
    expect((await lines.next()).value).toBe('three');
    server.endWatches('functions');
    expect((await lines.next()).done).toBe(true);
  });

  test('end with an error when the connection is cut', async () => {
    const lines = await connect().getLines(functions, { query: watch, signal: stopping.signal });
    server.resetConnections();
    await expect(lines.next()).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('end with the reason when their reader gives up', async () => {
    const lines = await connect().getLines(functions, { query: watch, signal: stopping.signal });
    const reason = new Error('stopped');
    stopping.abort(reason);
    await expect(lines.next()).rejects.toBe(reason);
    await until(() => expect(server.openConnections).toBe(0));
  });

  test('are closed when nobody wants the rest', async () => {
    const lines = await connect().getLines(functions, { query: watch, signal: stopping.signal });
    server.writeToWatches('functions', 'one\ntwo\n');
    for await (const line of lines) {
      expect(line).toBe('one');
      break;
    }
    await until(() => expect(server.openConnections).toBe(0));
  });
});

test('closing leaves no connection', async () => {
  await get();
  expect(server.openConnections).toBe(1);
  connection?.close();
  await until(() => expect(server.openConnections).toBe(0));
});

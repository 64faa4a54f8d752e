import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig, type User } from '@kubernetes/client-node';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { FakeApiServer } from './fake-api-server.ts';
import { status } from './mishap.ts';

const path = '/apis/core.openfunction.io/v1beta2/namespaces/demo/functions/thumbnails';

let server: FakeApiServer;
let connection: KubernetesConnection;

beforeEach(() => serve(new FakeApiServer()));

afterEach(async () => {
  connection.close();
  await server.stop();
});

async function serve(fake: FakeApiServer): Promise<void> {
  server = fake;
  server.install('core.openfunction.io/v1beta2', 'functions', 'Function');
  server.put('functions', 'demo', 'thumbnails');
  await server.start();
}

function get(): Promise<unknown> {
  return connection.getJson(path, { signal: new AbortController().signal });
}

function configOf(user: User, skipTLSVerify = true): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'fake', server: server.url, skipTLSVerify }, user);
  return config;
}

describe('credentials', () => {
  test('from a file are read again when they are no longer accepted, but not at every request', async () => {
    const tokenFile = join(await temporaryFolder(), 'token');
    await writeFile(tokenFile, 'old\n');
    let nowMs = 0;
    let loads = 0;
    connection = new KubernetesConnection(
      () => {
        loads += 1;
        return configOf({
          name: 'tester',
          authProvider: { name: 'tokenFile', config: { tokenFile } },
        });
      },
      () => nowMs,
    );
    server.intercept = ({ authorization }) =>
      authorization === 'Bearer new' ? undefined : status(401, 'Unauthorized', 'Unauthorized');
    for (let index = 0; index < 3; index += 1) {
      await expect(get()).rejects.toMatchObject({ kind: 'unauthorized' });
    }
    await writeFile(tokenFile, 'new\n');
    nowMs = 10_000;
    await expect(get()).rejects.toMatchObject({ kind: 'unauthorized' });
    expect(await get()).toMatchObject({ kind: 'Function' });
    expect(loads).toBe(2);
  });

  test('that cannot be read again do no more harm', async () => {
    let nowMs = 0;
    connection = new KubernetesConnection(
      () => {
        if (nowMs > 0) throw new Error('the file is being written');
        return server.kubeConfig();
      },
      () => nowMs,
    );
    nowMs = 10_000;
    server.intercept = () => status(401, 'Unauthorized', 'Unauthorized');
    await expect(get()).rejects.toMatchObject({ kind: 'unauthorized' });
    server.intercept = () => undefined;
    expect(await get()).toMatchObject({ kind: 'Function' });
  });

  test('come from the exec plugin of a kubeconfig', async () => {
    const credential = JSON.stringify({ status: { token: 'from-plugin' } });
    const args = ['-e', `process.stdout.write(${JSON.stringify(credential)})`];
    connection = new KubernetesConnection(() =>
      configOf({ name: 'tester', exec: { command: process.execPath, args } }),
    );
    await get();
    expect(server.requests[0]?.authorization).toBe('Bearer from-plugin');
  });

  test('are not sent in the clear by accident', async () => {
    connection = new KubernetesConnection(() =>
      configOf({ name: 'tester', token: 'secret' }, false),
    );
    await expect(get()).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('HTTP protocol is not allowed'),
    });
    expect(server.requests).toEqual([]);
  });
});

describe('TLS', () => {
  async function serveTls(): Promise<string> {
    const pair = await generate([{ name: 'commonName', value: 'fake' }], {
      algorithm: 'sha256',
      keyType: 'ec',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    await server.stop();
    await serve(new FakeApiServer({ cert: pair.cert, key: pair.private }));
    return pair.cert;
  }

  function connectTls(authority?: string): void {
    connection = new KubernetesConnection(() => {
      const config = new KubeConfig();
      config.loadFromClusterAndUser(
        {
          name: 'fake',
          server: server.url,
          skipTLSVerify: false,
          ...(authority === undefined ? {} : { caData: Buffer.from(authority).toString('base64') }),
        },
        { name: 'tester', token: 'secret' },
      );
      return config;
    });
  }

  test('trusts the authority of the kubeconfig, over one connection', async () => {
    connectTls(await serveTls());
    await get();
    await get();
    expect(server.requests[1]?.authorization).toBe('Bearer secret');
    expect(server.connections).toBe(1);
  });

  test('trusts nobody else', async () => {
    await serveTls();
    connectTls();
    await expect(get()).rejects.toMatchObject({ kind: 'unreachable' });
    expect(server.requests).toEqual([]);
  });
});

import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ensureLocalCertificates } from '../../../src/adapters/tls/local-certificates.ts';
import { makeFolder, removeFolder } from '../../support/temporary-folder.ts';
import type { BuiltImage } from '../harness/built-image.ts';
import type { Container, ContainerOptions } from '../harness/container.ts';

/** Nobody listens there, least of all in a container without a network. */
const kubeConfig = `
apiVersion: v1
kind: Config
clusters: [{ name: away, cluster: { server: 'https://127.0.0.1:1' } }]
users: [{ name: nobody, user: {} }]
contexts: [{ name: away, context: { cluster: away, user: nobody } }]
current-context: away
`;

interface Answer {
  readonly status: number;
  readonly text: string;
}

function get(container: Container, path: string): Promise<Answer> {
  return container.evaluate(`
    const answer = await fetch('http://127.0.0.1:9440${path}');
    return { status: answer.status, text: await answer.text() };
  `);
}

/** What the proxy of a Function is started with, as the controller writes it. */
const proxyEnvironment = {
  FUNC_CONTEXT: JSON.stringify({
    ...{ name: 'orders', version: 'v2.0.0', runtime: 'Async', port: '8080' },
    inputs: { in: { uri: 'orders', componentName: 'kafka', componentType: 'pubsub.kafka' } },
  }),
  // Nobody listens there: the proxy is to answer daprd all the same.
  FUNCTION_ENDPOINTS: '127.0.0.1:1',
};

/** What the proxy tells daprd over HTTP when asked for its topics. */
function topicsOverHttp(container: Container): Promise<string> {
  return container.evaluate(`
    return (await fetch('http://127.0.0.1:8080/dapr/subscribe')).text();
  `);
}

/** The same over gRPC: one message, in which each name stands behind its field and its length. */
function topicsOverGrpc(container: Container): Promise<string> {
  return container.evaluate(`
    const { connect } = await import('node:http2');
    const session = connect('http://127.0.0.1:8080');
    const stream = session.request({
      ':method': 'POST',
      ':path': '/dapr.proto.runtime.v1.AppCallback/ListTopicSubscriptions',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.end(Buffer.alloc(5));
    const answer = (await stream.toArray()).join('');
    session.close();
    return answer;
  `);
}

/** What Linux says of the process that the image starts. */
function statusOf(container: Container): Promise<Record<string, string>> {
  return container.evaluate(`
    const { readFile } = await import('node:fs/promises');
    const lines = (await readFile('/proc/1/status', 'utf8')).trim().split('\\n');
    return Object.fromEntries(lines.map((line) => line.split(':\\t')));
  `);
}

/** Why the process' user cannot write in a folder. */
function refusalToWrite(container: Container, folder: string): Promise<string> {
  return container.evaluate(`
    const { writeFile } = await import('node:fs/promises');
    return writeFile('${folder}/planted', '').then(() => 'written', ({ code }) => code);
  `);
}

async function expectNoRights(container: Container, folders: readonly string[]): Promise<void> {
  const status = await statusOf(container);
  const none = '0'.repeat(16);
  expect(status).toMatchObject({ Uid: Array(4).fill('65532').join('\t'), NoNewPrivs: '1' });
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
    expect(status[set], set).toBe(none);
  }
  for (const folder of folders) {
    expect(await refusalToWrite(container, folder), folder).toBe('EROFS');
  }
}

export function serversSuite(image: () => BuiltImage): void {
  async function startAndListen(
    args: readonly string[],
    options: ContainerOptions,
  ): Promise<Container> {
    const container = await image().start(args, options);
    onTestFinished(() => container.remove());
    await expect.poll(() => container.log()).toContain('"msg":"listening"');
    return container;
  }

  describe.each([
    { args: [], what: 'serve, which is the default', hasAdmission: true },
    { args: ['webhook'], what: 'webhook', hasAdmission: true },
    { args: ['controller'], what: 'controller', hasAdmission: false },
  ])('$what, while the API server is away', ({ args, hasAdmission }) => {
    let folder: string;

    beforeAll(async () => {
      folder = await makeFolder();
      await ensureLocalCertificates(folder, new Date());
      await writeFile(join(folder, 'kubeconfig'), kubeConfig);
      // Mounted Secrets are readable to every user of a container.
      await chmod(folder, 0o755);
      await chmod(join(folder, 'tls.key'), 0o644);
      return () => removeFolder(folder);
    });

    function start(): Promise<Container> {
      return startAndListen(args, {
        environment: { KUBECONFIG: '/certs/kubeconfig', CERT_DIR: '/certs' },
        folders: { '/certs': folder },
      });
    }

    test('listens, is healthy and not ready, and ends with 0 when told to', async () => {
      const container = await start();
      expect((await get(container, '/healthz')).status).toBe(200);
      const ready = await get(container, '/readyz');
      expect(ready.status).toBe(503);
      expect(ready.text).toContain('functions');
      expect((await get(container, '/metrics')).text).toContain('baas_');
      if (hasAdmission) {
        const status = await container.evaluate<number>(`
          const { readFile } = await import('node:fs/promises');
          const { request } = await import('node:https');
          const ca = await readFile('/certs/ca.crt');
          return new Promise((resolve, reject) => {
            const options = { port: 9443, path: '/mutate/pods', method: 'POST', ca, agent: false };
            request(options, (answer) => resolve(answer.resume().statusCode)).on('error', reject).end('{}');
          });
        `);
        expect(status).toBe(415);
      }
      expect(await container.stop()).toBe(0);
    });

    test('is a process without rights, on a root that it cannot write to', async () => {
      await expectNoRights(await start(), ['', '/app', '/certs', '/tmp', '/etc']);
    });
  });

  describe.each([
    { protocol: 'http', topics: topicsOverHttp, told: '{"pubsubname":"kafka","topic":"orders",' },
    { protocol: 'grpc', topics: topicsOverGrpc, told: '\n\x05kafka\x12\x06orders' },
  ])('proxy over $protocol, while no pod runs', ({ protocol, topics, told }) => {
    function start(): Promise<Container> {
      return startAndListen(['proxy'], {
        environment: { ...proxyEnvironment, APP_PROTOCOL: protocol },
      });
    }

    test('is ready, tells daprd the topics, and ends with 0 when told to', async () => {
      const container = await start();
      expect((await get(container, '/healthz')).status).toBe(200);
      expect((await get(container, '/readyz')).status).toBe(200);
      expect((await get(container, '/metrics')).text).toContain('baas_proxy_');
      expect(await topics(container)).toContain(told);
      expect(await container.stop()).toBe(0);
    });

    test('is a process without rights, on a root that it cannot write to', async () => {
      await expectNoRights(await start(), ['', '/app', '/tmp', '/etc']);
    });
  });
}

import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ensureLocalCertificates } from '../../../src/adapters/tls/local-certificates.ts';
import { makeFolder, removeFolder } from '../../support/temporary-folder.ts';
import type { BuiltImage } from '../harness/built-image.ts';
import type { Container } from '../harness/container.ts';

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

export function serversSuite(image: () => BuiltImage): void {
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

    async function start(): Promise<Container> {
      const container = await image().start(args, {
        environment: { KUBECONFIG: '/certs/kubeconfig', CERT_DIR: '/certs' },
        folders: { '/certs': folder },
      });
      onTestFinished(() => container.remove());
      await expect.poll(() => container.log()).toContain('"msg":"listening"');
      return container;
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
      const { exitCode, elapsedMs } = await container.stop();
      expect(exitCode).toBe(0);
      expect(elapsedMs).toBeLessThan(10_000);
    });

    test('is a process without rights, on a root that it cannot write to', async () => {
      const container = await start();
      const status = await statusOf(container);
      const none = '0'.repeat(16);
      expect(status).toMatchObject({ Uid: Array(4).fill('65532').join('\t'), NoNewPrivs: '1' });
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        expect(status[set], set).toBe(none);
      }
      for (const path of ['', '/app', '/certs', '/tmp', '/etc']) {
        expect(await refusalToWrite(container, path), path).toBe('EROFS');
      }
    });
  });
}

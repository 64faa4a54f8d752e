import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { at } from '../../src/api/json.ts';
import { AdmissionClient } from '../../src/commands/demo/admission-client.ts';
import {
  bundles,
  configurationName,
  mutating,
  validating,
} from '../adapters/kubernetes/certificate-replica.ts';
import type { FakeApiServer } from '../adapters/kubernetes/fake-api-server.ts';
import { fakeCluster } from '../adapters/kubernetes/fake-cluster.ts';
import { until } from '../adapters/kubernetes/until.ts';
import { authority, serving } from '../adapters/tls/made-certificates.ts';
import { writeKubeConfig } from '../support/fake-kubeconfig.ts';
import { RunningProgram, runProgram } from '../support/run-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let server: FakeApiServer;
let folder: string;
let kubeconfig: string;

beforeEach(async () => {
  server = fakeCluster();
  await server.start();
  onTestFinished(() => server.stop());
  folder = await temporaryFolder();
  kubeconfig = await writeKubeConfig(server, folder);
});

async function start(...more: string[]) {
  const program = new RunningProgram([
    ...['webhook', '--kubeconfig', kubeconfig, '--port', '0', '--health-port', '0', ...more],
  ]);
  onTestFinished(() => program.kill());
  const { port, healthPort } = (await program.logged('listening')) as {
    port: number;
    healthPort: number;
  };
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${healthPort}${path}`);
  const stop = async (): Promise<void> => {
    program.child.kill('SIGTERM');
    expect(await program.exit()).toBe(0);
    expect(program.stderr).toBe('');
    expect(program.stdout).not.toContain('PRIVATE KEY');
  };
  return { program, port, get, stop };
}

/** Both configurations, as they are shipped and pointed at a port; without caBundle. */
function putConfigurations(port: number): void {
  for (const plural of [mutating, validating]) {
    const url = `https://localhost:${port}/mutate/pods`;
    const webhooks = [{ name: `pods.${plural}.baas.openfunction.io`, clientConfig: { url } }];
    server.put(plural, '', configurationName, { webhooks });
  }
}

/** Puts the configurations there, and waits until they trust the webhook. Resolves with what they trust. */
async function trusted({ port, get }: Awaited<ReturnType<typeof start>>): Promise<string> {
  putConfigurations(port);
  await until(async () => {
    for (const plural of [mutating, validating]) {
      expect(bundles(server, plural)[0]).toContain('BEGIN CERTIFICATE');
    }
    expect((await get('/readyz')).status).toBe(200);
  });
  return bundles(server, mutating)[0] ?? '';
}

async function admit(port: number, ca: string): Promise<boolean> {
  const client = new AdmissionClient(port, ca);
  try {
    const reply = await client.call({
      ...{ path: '/mutate/pods', operation: 'CREATE', namespace: 'demo' },
      object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: {} },
    });
    return reply.isAllowed;
  } finally {
    client.close();
  }
}

async function shownSerial(port: number, ca: string): Promise<string> {
  const socket = connect({ port, host: 'localhost', ca });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

describe('webhook --certificates secret', () => {
  test('makes its certificate, has it trusted, admits, and serves it again after a restart', async () => {
    const first = await start('--certificate-hosts', 'localhost,127.0.0.1');
    const ca = await trusted(first);
    expect(await admit(first.port, ca)).toBe(true);
    const stored = server.get('secrets', 'home', 'openfunction-dapr-webhook-certificates');
    const certificate = Buffer.from(String(at(stored, 'data', 'tls.crt')), 'base64');
    const parsed = new X509Certificate(certificate);
    expect(parsed.subjectAltName).toBe(
      [
        'DNS:openfunction-dapr-webhook',
        'DNS:openfunction-dapr-webhook.home',
        'DNS:openfunction-dapr-webhook.home.svc',
        'DNS:openfunction-dapr-webhook.home.svc.cluster.local',
        'DNS:localhost',
        'IP Address:127.0.0.1',
      ].join(', '),
    );
    const metrics = await (await first.get('/metrics')).text();
    const expiry = /^baas_certificate_expiry_timestamp_seconds (\S+)$/m.exec(metrics)?.[1];
    expect(Number(expiry) * 1000).toBe(parsed.validToDate.getTime());
    expect(metrics).toMatch(
      /^baas_watch_staleness_seconds\{resource="secrets \(certificates\)"\} /m,
    );
    await first.stop();

    const second = await start('--certificate-hosts', 'localhost,127.0.0.1');
    await until(async () => expect((await second.get('/readyz')).status).toBe(200));
    expect(await shownSerial(second.port, ca)).toBe(parsed.serialNumber);
    await second.stop();
  });

  test('renews its certificate while it is called without end', async () => {
    const webhook = await start(
      ...['--certificate-hosts', 'localhost', '--certificate-lifetime', '10s'],
    );
    const { program, port, get, stop } = webhook;
    const ca = await trusted(webhook);
    const before = await shownSerial(port, ca);
    while (!program.log.some(({ msg }) => msg === 'made a serving certificate')) {
      expect(await admit(port, ca)).toBe(true);
      expect((await get('/readyz')).status).toBe(200);
    }
    await until(async () => expect(await shownSerial(port, ca)).not.toBe(before));
    expect(bundles(server, mutating)).toEqual([ca]);
    await stop();
  });

  test("says that the Secret is somebody else's, is not ready, and goes on when it is gone", async () => {
    server.put('secrets', 'home', 'theirs', { data: {} });
    const { program, get, stop } = await start('--certificate-secret', 'theirs');
    await until(() =>
      expect(program.log.map(({ msg }) => msg).join()).toContain(
        `Secret "theirs" in namespace "home" is somebody else's`,
      ),
    );
    await until(async () => {
      expect(await (await get('/readyz')).json()).toMatchObject({
        missing: ['serving certificate'],
      });
    });
    expect(server.writes).toEqual([]);
    server.remove('secrets', 'home', 'theirs');
    await until(async () => expect((await get('/readyz')).status).toBe(200));
    await stop();
  });
});

describe('webhook --certificates files', () => {
  test('takes another certificate when the mounted Secret is switched', async () => {
    const signer = await authority();
    const pairs = [await serving(signer), await serving(signer)];
    const mount = join(folder, 'mount');
    for (const [index, { certificate, key }] of pairs.entries()) {
      await mkdir(join(mount, `..${index}`), { recursive: true });
      await writeFile(join(mount, `..${index}`, 'tls.crt'), certificate);
      await writeFile(join(mount, `..${index}`, 'tls.key'), key);
    }
    await symlink('..0', join(mount, '..data'));
    for (const name of ['tls.crt', 'tls.key']) {
      await symlink(join('..data', name), join(mount, name));
    }
    const [first, second] = pairs.map(({ certificate }) => new X509Certificate(certificate));
    const { port, get, stop } = await start('--certificates', 'files', '--cert-dir', mount);
    await until(async () => expect((await get('/readyz')).status).toBe(200));
    expect(await shownSerial(port, signer.certificate)).toBe(first?.serialNumber);
    await symlink('..1', join(mount, '..data.new'));
    await rename(join(mount, '..data.new'), join(mount, '..data'));
    await until(async () =>
      expect(await shownSerial(port, signer.certificate)).toBe(second?.serialNumber),
    );
    expect(server.writes).toEqual([]);
    await stop();
  });
});

describe('settings of certificates', () => {
  const wrong: readonly [what: string, args: string[], problem: string][] = [
    [
      'files without a folder',
      ['--certificates', 'files'],
      'webhook: --certificates files needs --cert-dir, the folder of tls.crt and tls.key',
    ],
    [
      'a Secret without a cluster',
      ['--certificates', 'secret', '--offline'],
      'webhook: --certificates secret needs a cluster, and --offline has none',
    ],
    [
      'a certificate that outlives its CA',
      ['--certificate-lifetime', '30d', '--ca-lifetime', '720h'],
      'webhook: --certificate-lifetime: 30d is not shorter than the lifetime of the CA, 720h (--ca-lifetime)',
    ],
    [
      'a lifetime of nothing',
      ['--ca-lifetime', '1s'],
      'webhook: --ca-lifetime: must be a duration from 10s to 3650d, such as 30d, 720h or 90s',
    ],
    [
      'another source',
      ['--certificates', 'vault'],
      'webhook: --certificates: must be one of secret, files',
    ],
    [
      'a host that is none',
      ['--certificate-hosts', 'https://x'],
      'webhook: --certificate-hosts: "https://x" must be a DNS name in lower case, or an IP address',
    ],
  ];
  test.each(wrong)('that ask for %s end the start with 2', async (_what, args, problem) => {
    const { code, stdout, stderr } = await runProgram(['webhook', ...args]);
    expect([code, stdout, stderr]).toEqual([2, '', `${problem}\n`]);
  });
});

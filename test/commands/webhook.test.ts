import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { applyPatch } from '../../src/adapters/apply-patch.ts';
import { at, type JsonObject } from '../../src/api/json.ts';
import { AdmissionClient } from '../../src/commands/demo/admission-client.ts';
import { RunningProgram, runProgram } from '../support/run-process.ts';
import { repositoryFolder } from '../support/source-tree.ts';
import { makeFolder, removeFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A Function file, as a user would write it. */
function functionFile(name: string, mode: string): string {
  return `apiVersion: core.openfunction.io/v1beta1
kind: Function
metadata:
  name: ${name}
spec:
  image: example.com/${name}:v1
  serving:
    runtime: knative
    annotations:
      openfunction.io/enable-dapr: "true"
      openfunction.io/dapr-service-mode: ${mode}
`;
}

function podOf(functionName: string): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${functionName}-`,
      labels: { 'openfunction.io/function': functionName },
    },
    spec: {
      containers: [
        {
          name: 'function',
          image: 'example.com/x:v1',
          env: [{ name: 'PASSWORD', value: 'a-value-that-no-log-may-hold' }],
        },
      ],
    },
  };
}

interface Webhook {
  readonly program: RunningProgram;
  readonly folder: string;
  readonly port: number;
  readonly healthPort: number;
  readonly ca: string;
  readonly client: AdmissionClient;
}

async function startOffline(folder: string, ...args: string[]): Promise<Webhook> {
  const certDir = join(folder, 'certs');
  const program = new RunningProgram([
    ...['webhook', '--offline', '--port', '0', '--health-port', '0', '--cert-dir', certDir],
    ...args,
  ]);
  const { port, healthPort } = (await program.logged('listening')) as {
    port: number;
    healthPort: number;
  };
  const ca = await readFile(join(certDir, 'ca.crt'), 'utf8');
  return { program, folder, port, healthPort, ca, client: new AdmissionClient(port, ca) };
}

async function stop({ client, program }: Webhook): Promise<void> {
  client.close();
  await program.kill();
}

interface RawAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

function post(
  { port, ca }: Webhook,
  path: string,
  body: string,
  { contentType = 'application/json', agent }: { contentType?: string; agent?: Agent } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        ...{ host: 'localhost', port, path, method: 'POST', ca },
        ...(agent === undefined ? {} : { agent }),
        headers: contentType === '' ? {} : { 'content-type': contentType },
      },
      (response) => {
        text(response).then(
          (answer) => resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) }),
          reject,
        );
      },
    );
    call.once('error', reject);
    call.end(body);
  });
}

async function get({ healthPort }: Webhook, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${healthPort}${path}`);
}

describe('webhook --offline', () => {
  let webhook: Webhook;
  let folder: string;

  beforeAll(async () => {
    folder = await makeFolder();
    await writeFile(join(folder, 'first.yaml'), functionFile('first', 'standalone'));
    webhook = await startOffline(
      folder,
      '-f',
      join(folder, 'first.yaml'),
      '-f',
      'manifests/samples',
    );
  });

  afterAll(async () => {
    await stop(webhook);
    await removeFolder(folder);
  });

  it('makes a CA and a P-256 serving certificate for localhost, the key for its owner alone', async () => {
    const certificate = new X509Certificate(await readFile(join(folder, 'certs/tls.crt')));
    const ca = new X509Certificate(webhook.ca);
    expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
    expect(certificate.subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(certificate.checkIssued(ca)).toBe(true);
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(ca.ca).toBe(true);
    expect(certificate.ca).toBe(false);
    expect((await stat(join(folder, 'certs/tls.key'))).mode & 0o777).toBe(0o600);
  });

  it('prints the addresses, the CA and a curl line that works as printed', async () => {
    expect(webhook.program.stdout).toContain(`https://localhost:${webhook.port}`);
    expect(webhook.program.stdout).toContain(`http://localhost:${webhook.healthPort}`);
    expect(webhook.program.stdout).toContain(join(folder, 'certs/ca.crt'));
    const curl = webhook.program.stdout.split('\n').find((line) => line.startsWith('curl '));
    const { stdout } = await promisify(execFile)('sh', ['-c', `${curl} --silent`]);
    expect(JSON.parse(stdout)).toMatchObject({
      response: { uid: 'try-it', allowed: true, patchType: 'JSONPatch' },
    });
  });

  it('defaults a Function', async () => {
    const object = {
      apiVersion: 'core.openfunction.io/v1beta2',
      kind: 'Function',
      metadata: { name: 'new' },
      spec: { image: 'example.com/new:v1', serving: { outputs: [{ dapr: { name: 'kafka' } }] } },
    };
    const call = {
      path: '/mutate/functions',
      operation: 'CREATE',
      namespace: 'shop',
      object,
    } as const;
    const reply = await webhook.client.call(call);
    expect(at(applyPatch(object, reply.patch), 'spec', 'serving', 'annotations')).toEqual({
      'openfunction.io/enable-dapr': 'true',
      'openfunction.io/dapr-service-mode': 'standalone',
    });
  });

  it("denies an invalid Function in the API server's words, every problem at once", async () => {
    const annotations = {
      'openfunction.io/enable-dapr': 'yes',
      'openfunction.io/dapr-service-mode': 'proxy',
    };
    const review = {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: 'u-1',
        operation: 'CREATE',
        kind: { group: 'core.openfunction.io', version: 'v1beta1', kind: 'Function' },
        namespace: 'shop',
        name: 'orders',
        object: {
          apiVersion: 'core.openfunction.io/v1beta1',
          kind: 'Function',
          metadata: { name: 'orders' },
          spec: { serving: { runtime: 'knative', annotations } },
        },
      },
    };
    const { status, body } = await post(webhook, '/validate/functions', JSON.stringify(review));
    expect(status).toBe(200);
    const enable = 'Unsupported value: "yes": supported values: "true", "false"';
    const mode = 'Unsupported value: "proxy": supported values: "standalone", "sidecar"';
    expect(body).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid: 'u-1',
        allowed: false,
        status: {
          apiVersion: 'v1',
          kind: 'Status',
          status: 'Failure',
          code: 422,
          reason: 'Invalid',
          message: `Function.core.openfunction.io "orders" is invalid: [spec.serving.annotations[openfunction.io/enable-dapr]: ${enable}, spec.serving.annotations[openfunction.io/dapr-service-mode]: ${mode}]`,
          details: {
            name: 'orders',
            group: 'core.openfunction.io',
            kind: 'Function',
            causes: [
              {
                reason: 'FieldValueNotSupported',
                message: enable,
                field: 'spec.serving.annotations[openfunction.io/enable-dapr]',
              },
              {
                reason: 'FieldValueNotSupported',
                message: mode,
                field: 'spec.serving.annotations[openfunction.io/dapr-service-mode]',
              },
            ],
          },
        },
      },
    });
  });

  it('admits a Pod into the mode of its Function', async () => {
    const object = podOf('first');
    const reply = await webhook.client.call({
      path: '/mutate/pods',
      operation: 'CREATE',
      namespace: 'default',
      object,
    });
    const pod = applyPatch(object, reply.patch);
    expect(at(pod, 'metadata', 'annotations')).toEqual({ 'dapr.io/enabled': 'false' });
    expect(at(pod, 'metadata', 'labels', 'baas.openfunction.io/mode')).toBe('standalone');
  });

  it('admits a Pod of an unknown Function unchanged, with a warning', async () => {
    const reply = await webhook.client.call({
      path: '/mutate/pods',
      operation: 'CREATE',
      namespace: 'default',
      object: podOf('nobody'),
    });
    expect(reply).toMatchObject({ isAllowed: true, patch: [] });
    expect(reply.warnings).toHaveLength(1);
    expect(reply.warnings[0]).toContain('no Function found in namespace "default"');
  });

  it('answers 100 concurrent reviews over kept-alive connections, each with its own uid', async () => {
    const agent = new Agent({ ca: webhook.ca, keepAlive: true, maxSockets: 8 });
    onTestFinished(() => agent.destroy());
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        const review = {
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          request: {
            uid: `uid-${index}`,
            operation: 'CREATE',
            kind: { group: '', version: 'v1', kind: 'Pod' },
            namespace: 'default',
            object: podOf('first'),
          },
        };
        return post(webhook, '/mutate/pods', JSON.stringify(review), { agent });
      }),
    );
    expect(answers.map(({ body }) => at(body, 'response', 'uid'))).toEqual(
      Array.from({ length: 100 }, (_, index) => `uid-${index}`),
    );
    expect(answers.every(({ body }) => at(body, 'response', 'patchType') === 'JSONPatch')).toBe(
      true,
    );
    const sockets = Object.values(agent.freeSockets).flat();
    expect(sockets.length).toBeGreaterThan(0);
    expect(sockets.length).toBeLessThanOrEqual(8);
  });

  it('speaks TLS 1.2 and later only, and shows a certificate that its CA signed', async () => {
    await expect(fetch(`https://localhost:${webhook.port}/mutate/pods`)).rejects.toThrow();
    const old = connectTls({
      port: webhook.port,
      host: 'localhost',
      ca: webhook.ca,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
    });
    const [error] = (await once(old, 'error')) as [Error];
    expect(error.message).toMatch(/protocol|version|handshake/i);
  });

  const review = (parts: JsonObject): string =>
    JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', ...parts });
  const goodRequest = {
    uid: 'u',
    operation: 'CREATE',
    kind: { group: '', version: 'v1', kind: 'Pod' },
  };
  const refused: readonly [
    what: string,
    status: number,
    code: string,
    body: string,
    contentType?: string,
  ][] = [
    ['malformed JSON', 400, 'malformedJson', '{"apiVersion": '],
    ['an empty body', 400, 'malformedJson', ''],
    ['JSON that is no object', 400, 'badReview', '[1, 2]'],
    ['null', 400, 'badReview', 'null'],
    ['no request', 400, 'badReview', review({})],
    ['a request that is a list', 400, 'badReview', review({ request: [] })],
    ['a request without uid', 400, 'badReview', review({ request: { ...goodRequest, uid: '' } })],
    ['another kind', 400, 'badReview', review({ kind: 'Pod', request: goodRequest })],
    [
      'another version',
      400,
      'badReview',
      review({ apiVersion: 'admission.k8s.io/v1beta1', request: goodRequest }),
    ],
    [
      'another content type',
      415,
      'unsupportedMediaType',
      review({ request: goodRequest }),
      'text/plain',
    ],
    ['no content type', 415, 'unsupportedMediaType', review({ request: goodRequest }), ''],
    ['more than 4 MiB', 413, 'bodyTooLarge', JSON.stringify('x'.repeat(4 * 1024 * 1024))],
  ];
  it.each(refused)('refuses %s with %i', async (_what, status, code, body, contentType) => {
    const answer = await post(
      webhook,
      '/mutate/pods',
      body,
      contentType === undefined ? {} : { contentType },
    );
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ error: expect.any(String), code });
  });

  it('takes a body of just 4 MiB', async () => {
    const empty = review({ request: { ...goodRequest, object: { padding: '' } } });
    const padding = 'x'.repeat(4 * 1024 * 1024 - empty.length);
    const body = review({ request: { ...goodRequest, object: { padding } } });
    expect((await post(webhook, '/mutate/pods', body)).status).toBe(200);
  });

  it('answers 404 with the paths there are', async () => {
    const { status, body } = await post(webhook, '/mutate', '{}');
    expect(status).toBe(404);
    expect(body['error']).toContain('/mutate/pods');
  });

  it('survives whatever is sent to it', async () => {
    const hostile: unknown[] = [
      {
        request: {
          ...goodRequest,
          object: { kind: 'Pod', apiVersion: 'v1', metadata: [], spec: null },
        },
      },
      {
        request: {
          ...goodRequest,
          namespace: 'default',
          object: {
            kind: 'Pod',
            apiVersion: 'v1',
            metadata: { labels: { 'openfunction.io/function': 'first' }, annotations: 7 },
            spec: {
              containers: [null, 3, { name: 5, env: 'x', volumeMounts: {} }],
              volumes: 'none',
            },
          },
        },
      },
      {
        request: {
          ...goodRequest,
          operation: 'EXPLODE',
          object: { constructor: { prototype: 1 } },
        },
      },
      { request: { ...goodRequest, namespace: '../..', name: '\u0000', object: 'text' } },
    ];
    for (const path of ['/mutate/functions', '/validate/functions', '/mutate/pods']) {
      for (const parts of hostile) {
        const { status, body } = await post(webhook, path, review(parts as JsonObject));
        expect([status, at(body, 'response', 'allowed')]).toEqual([200, true]);
      }
      const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
      const nested = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"UPDATE","kind":{},"object":{"apiVersion":"core.openfunction.io/v1beta1","kind":"Function","spec":{"serving":${deep}}},"oldObject":{"spec":{"serving":${deep}}}}}`;
      expect((await post(webhook, path, nested)).status).toBe(200);
    }
    const socket = connect(webhook.port, 'localhost');
    socket.end('GET / HTTP/1.1\r\n\r\n');
    await once(socket.resume(), 'close');
    expect((await get(webhook, '/healthz')).status).toBe(200);
  });

  it('is ready and tells what it did in metrics', async () => {
    expect((await get(webhook, '/healthz')).status).toBe(200);
    expect((await get(webhook, '/readyz')).status).toBe(200);
    await webhook.client.call({
      path: '/mutate/pods',
      operation: 'CREATE',
      namespace: 'kube-system',
      object: podOf('first'),
    });
    await webhook.client.call({
      path: '/mutate/pods',
      operation: 'CREATE',
      namespace: 'default',
      object: podOf('first'),
    });
    const metrics = await (await get(webhook, '/metrics')).text();
    expect(metrics).toMatch(
      /baas_admission_requests_total\{webhook="mutate",resource="pods",operation="CREATE",mode="standalone",outcome="patched",skip_reason=""\} \d+/,
    );
    expect(metrics).toMatch(
      /baas_admission_requests_total\{webhook="mutate",resource="pods",operation="CREATE",mode="",outcome="skipped",skip_reason="excluded-namespace"\} \d+/,
    );
    expect(metrics).toMatch(
      /baas_admission_duration_seconds_bucket\{le="0.001",webhook="mutate",resource="pods"\} \d+/,
    );
    const expiry = Number(/^baas_certificate_expiry_timestamp_seconds (\S+)$/m.exec(metrics)?.[1]);
    expect(expiry * 1000).toBeGreaterThan(Date.now());
  });

  it('logs one line per admission, and never what an object holds', async () => {
    const object = {
      ...podOf('first'),
      metadata: { generateName: 'logged-', labels: { 'openfunction.io/function': 'first' } },
    };
    await webhook.client.call({
      path: '/mutate/pods',
      operation: 'CREATE',
      namespace: 'default',
      object,
    });
    const lines = () =>
      webhook.program.log.filter(({ generateName }) => generateName === 'logged-');
    await expect.poll(lines).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        uid: expect.any(String),
        webhook: 'mutate',
        resource: 'pods',
        operation: 'CREATE',
        namespace: 'default',
        generateName: 'logged-',
        function: 'first',
        mode: 'standalone',
        outcome: 'patched',
        milliseconds: expect.any(Number),
        msg: 'admission',
      },
    ]);
    expect(webhook.program.stdout).not.toContain('a-value-that-no-log-may-hold');
    expect(webhook.program.stdout).not.toContain('PRIVATE KEY');
  });

  it('reads its files again when they change', async () => {
    const modeOfPod = async (): Promise<unknown> => {
      const object = podOf('first');
      const reply = await webhook.client.call({
        path: '/mutate/pods',
        operation: 'CREATE',
        namespace: 'default',
        object,
      });
      return at(applyPatch(object, reply.patch), 'metadata', 'labels', 'baas.openfunction.io/mode');
    };
    await writeFile(join(folder, 'first.yaml'), functionFile('first', 'sidecar'));
    await expect.poll(modeOfPod, { timeout: 10_000 }).toBe('sidecar');
    await writeFile(join(folder, 'first.yaml'), 'kind: [');
    await webhook.program.logged('file cannot be read; what it held before stays');
    expect(await modeOfPod()).toBe('sidecar');
    await writeFile(join(folder, 'first.yaml'), functionFile('first', 'standalone'));
    await expect.poll(modeOfPod, { timeout: 10_000 }).toBe('standalone');
  });
});

describe('webhook', () => {
  it('finishes what is in flight on SIGTERM, takes nothing new, and exits with 0', async () => {
    const webhook = await startOffline(await temporaryFolder());
    onTestFinished(() => stop(webhook));
    const body = JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: { uid: 'slow', operation: 'CREATE', kind: {}, object: {} },
    });
    const call = request({
      ...{
        host: 'localhost',
        port: webhook.port,
        path: '/mutate/pods',
        method: 'POST',
        ca: webhook.ca,
      },
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        expect: '100-continue',
      },
    });
    call.flushHeaders();
    await once(call, 'continue');
    call.write(body.slice(0, 10));
    webhook.program.child.kill('SIGTERM');
    await webhook.program.logged('stopping');
    await expect.poll(() => accepts(webhook.port)).toBe(false);
    call.end(body.slice(10));
    const [response] = await once(call, 'response');
    expect(JSON.parse(await text(response))).toMatchObject({
      response: { uid: 'slow', allowed: true },
    });
    expect(await webhook.program.exit()).toBe(0);
  });

  it('is not held up at the end by clients that keep their connections, as API servers do', async () => {
    const webhook = await startOffline(await temporaryFolder());
    onTestFinished(() => stop(webhook));
    const agent = new Agent({ ca: webhook.ca, keepAlive: true, timeout: 0 });
    onTestFinished(() => agent.destroy());
    const review = { uid: 'u', operation: 'CREATE', kind: {}, object: {} };
    const body = JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: review,
    });
    const unused = connectTls({ port: webhook.port, host: 'localhost', ca: webhook.ca });
    await once(unused, 'secureConnect');
    const probe = connect(webhook.port, 'localhost');
    await once(probe, 'connect');
    for (const socket of [unused, probe]) socket.on('error', () => undefined);
    const slow = request({
      ...{ host: 'localhost', port: webhook.port, path: '/mutate/pods', method: 'POST', agent },
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        expect: '100-continue',
      },
    });
    slow.flushHeaders();
    await once(slow, 'continue');
    webhook.program.child.kill('SIGTERM');
    await webhook.program.logged('stopping');
    slow.end(body);
    const [response] = await once(slow, 'response');
    expect(response.headers.connection).toBe('close');
    response.resume();
    // Had it given up on them in the end, it would have exited with 1.
    expect(await webhook.program.exit()).toBe(0);
  });

  it('reads a mounted ConfigMap again when its links are switched, and each file once', async () => {
    const folder = await temporaryFolder();
    const mount = join(folder, 'mount');
    const version = async (name: string, mode: string): Promise<void> => {
      await mkdir(join(mount, name), { recursive: true });
      await writeFile(join(mount, name, 'orders.yaml'), functionFile('orders', mode));
    };
    await version('..first', 'standalone');
    await symlink('..first', join(mount, '..data'));
    await symlink(join('..data', 'orders.yaml'), join(mount, 'orders.yaml'));
    // A circle, which must not be walked.
    await symlink(mount, join(mount, 'circle'));
    const webhook = await startOffline(folder, '-f', mount);
    onTestFinished(() => stop(webhook));
    // What is for people comes after the log's line, and maybe a moment later.
    await vi.waitFor(() => expect(webhook.program.stdout).toContain('1 known'), 10_000);
    const modeOfPod = async (): Promise<unknown> => {
      const object = podOf('orders');
      const call = { path: '/mutate/pods', operation: 'CREATE', namespace: 'default' } as const;
      const reply = await webhook.client.call({ ...call, object });
      return at(applyPatch(object, reply.patch), 'metadata', 'labels', 'baas.openfunction.io/mode');
    };
    expect(await modeOfPod()).toBe('standalone');
    await version('..second', 'sidecar');
    await symlink('..second', join(mount, '..data.new'));
    await rename(join(mount, '..data.new'), join(mount, '..data'));
    await expect.poll(modeOfPod, { timeout: 10_000 }).toBe('sidecar');
  });

  it('keeps the certificates it finds', async () => {
    const folder = await temporaryFolder();
    const first = await startOffline(folder);
    await stop(first);
    const second = await startOffline(folder);
    await stop(second);
    expect(second.ca).toBe(first.ca);
  });

  it('reports every wrong option at once and exits with 2', async () => {
    const { code, stderr, stdout } = await runProgram([
      'webhook',
      '--port',
      'x',
      '--unknown',
      '--log-level',
      'y',
    ]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.split('\n').filter(Boolean)).toHaveLength(3);
  });

  it('says that -f needs --offline', async () => {
    const { code, stderr } = await runProgram(['webhook', '-f', 'x.yaml']);
    expect(code).toBe(2);
    expect(stderr).toContain('--offline');
  });

  const failures: readonly [what: string, args: (folder: string) => string[], expected: RegExp][] =
    [
      [
        'a file that is not there',
        (folder) => ['-f', join(folder, 'none.yaml')],
        /none\.yaml: no such file or folder/,
      ],
      [
        'a port that is taken',
        () => ['--health-port', 'TAKEN'],
        /port \d+ is taken; choose another with/,
      ],
    ];
  it.each(failures)('fails at the start for %s with 1', async (_what, args, expected) => {
    const folder = await temporaryFolder();
    const webhook = await startOffline(folder);
    onTestFinished(() => stop(webhook));
    const { code, stdout } = await runProgram([
      ...[
        'webhook',
        '--offline',
        '--port',
        '0',
        '--health-port',
        '0',
        '--cert-dir',
        join(folder, 'certs'),
      ],
      ...args(folder).map((arg) => arg.replace('TAKEN', String(webhook.healthPort))),
    ]);
    expect(code).toBe(1);
    expect(stdout).toMatch(expected);
  });

  it('names a certificate that is missing, incomplete, foreign or no certificate, and exits with 1', async () => {
    const folder = await temporaryFolder();
    const webhook = await startOffline(folder);
    await stop(webhook);
    const certDir = join(folder, 'certs');
    const run = async (...args: string[]): Promise<string> => {
      const base = ['webhook', '--offline', '--port', '0', '--health-port', '0'];
      const { code, stdout } = await runProgram([...base, ...args]);
      expect(code).toBe(1);
      expect(stdout).not.toContain('PRIVATE');
      return stdout;
    };
    await writeFile(join(folder, 'ca.crt'), webhook.ca);
    expect(await run('--cert-dir', folder)).toContain('has ca.crt but not tls.crt, tls.key');
    await writeFile(join(certDir, 'tls.crt'), webhook.ca);
    expect(await run('--cert-dir', certDir)).toContain('is not the key of');
    await writeFile(join(certDir, 'tls.crt'), 'rubbish');
    expect(await run('--cert-dir', certDir)).toContain('is no PEM certificate');
  });

  it('logs the settings that hold', async () => {
    const webhook = await startOffline(await temporaryFolder(), '--cluster-domain', 'k8s.example');
    onTestFinished(() => stop(webhook));
    expect(await webhook.program.logged('starting')).toMatchObject({
      settings: { clusterDomain: 'k8s.example', offline: true, logLevel: 'info' },
    });
  });
});

describe('the command line', () => {
  it('explains itself', async () => {
    const overview = await runProgram(['--help']);
    expect(overview.code).toBe(0);
    for (const name of ['webhook', 'preview', 'demo']) {
      expect(overview.stdout).toContain(name);
      const help = await runProgram([name, '--help']);
      expect(help.code).toBe(0);
      expect(help.stdout).toContain(`Usage: openfunction-dapr-webhook ${name}`);
    }
    const { version } = JSON.parse(await readFile(join(repositoryFolder, 'package.json'), 'utf8'));
    expect((await runProgram(['--version'])).stdout).toBe(`${version}\n`);
  });

  it.each([[[]], [['nonsense']], [['constructor']]])('exits with 2 for %j', async (args) => {
    const { code, stderr } = await runProgram(args);
    expect(code).toBe(2);
    expect(stderr).toContain('webhook');
  });
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

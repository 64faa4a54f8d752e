import { once } from 'node:events';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  buildAdmissionServer,
  serveCertificate,
} from '../../../src/adapters/http/admission-server.ts';
import { createLogger } from '../../../src/adapters/log.ts';
import { Metrics } from '../../../src/adapters/metrics.ts';
import type { KeyedCertificate } from '../../../src/adapters/tls/make-certificates.ts';
import { authority, serving } from '../tls/made-certificates.ts';

const review = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: 'u', operation: 'CREATE', kind: { kind: 'Pod' } },
});

let first: KeyedCertificate;
let second: KeyedCertificate;
/** Both authorities, as caBundle holds them while one follows the other. */
let bundle: string;

beforeEach(async () => {
  const [old, young] = await Promise.all([authority('old'), authority('young')]);
  first = await serving(old);
  second = await serving(young);
  bundle = old.certificate + young.certificate;
});

async function listen() {
  let finish: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let isReviewing: () => void = () => undefined;
  const reviewing = new Promise<void>((resolve) => {
    isReviewing = resolve;
  });
  const app = buildAdmissionServer({
    log: createLogger('silent'),
    metrics: new Metrics(),
    endpoints: [
      {
        path: '/mutate/pods',
        webhook: 'mutate',
        resource: 'pods',
        review: async () => ({ answer: { patch: [], warnings: [] }, outcome: 'unchanged' }),
      },
      {
        path: '/mutate/functions',
        webhook: 'mutate',
        resource: 'functions',
        review: async () => {
          isReviewing();
          await held;
          return { answer: { patch: [], warnings: [] }, outcome: 'unchanged' };
        },
      },
    ],
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return { app, port: (app.server.address() as AddressInfo).port, reviewing, finish };
}

async function shake(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ca: bundle, ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

/** The certificate that a connection was opened with. */
function shown({ raw }: PeerCertificate): string {
  return raw.toString('base64');
}

function der({ certificate }: KeyedCertificate): string {
  return certificate.replaceAll(/-----.*-----|\s/g, '');
}

/** @returns which socket it went through, and what came back */
async function call(port: number, agent: Agent, path = '/mutate/pods') {
  const sent = request({
    ...{ host: '127.0.0.1', port, path, method: 'POST', agent, ca: bundle },
    headers: { 'content-type': 'application/json' },
  });
  const answered = once(sent, 'response');
  sent.end(review);
  const [response] = await answered;
  return { socket: response.socket as TLSSocket, body: await json(response) };
}

const allowed = expect.objectContaining({ response: expect.objectContaining({ allowed: true }) });

describe('a server', () => {
  it('refuses handshakes until it has a certificate, and then takes them', async () => {
    const { app, port } = await listen();
    await expect(shake(port)).rejects.toThrow(/handshake/i);
    serveCertificate(app, first);
    expect(shown((await shake(port)).getPeerCertificate())).toBe(der(first));
  });

  it('shows another certificate to new connections, and keeps those that are open', async () => {
    const { app, port } = await listen();
    serveCertificate(app, first);
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => kept.destroy());
    const before = await call(port, kept);
    expect(shown(before.socket.getPeerCertificate())).toBe(der(first));

    serveCertificate(app, second);
    const after = await call(port, kept);
    expect(after.socket).toBe(before.socket);
    expect(after.body).toEqual(allowed);
    expect(shown((await shake(port)).getPeerCertificate())).toBe(der(second));
  });

  it('answers what was asked before the change', async () => {
    const { app, port, reviewing, finish } = await listen();
    serveCertificate(app, first);
    const agent = new Agent();
    const answer = call(port, agent, '/mutate/functions');
    await reviewing;
    serveCertificate(app, second);
    finish();
    expect((await answer).body).toEqual(allowed);
  });

  it('does not let a session of before hide the new certificate', async () => {
    const { app, port } = await listen();
    serveCertificate(app, first);
    const old = await shake(port, { maxVersion: 'TLSv1.2' });
    const session = old.getSession();
    serveCertificate(app, second);
    const again = await shake(port, { maxVersion: 'TLSv1.2', session });
    expect(again.isSessionReused()).toBe(false);
    expect(shown(again.getPeerCertificate())).toBe(der(second));
  });

  it('speaks no older TLS after a change than before', async () => {
    const { app, port } = await listen();
    serveCertificate(app, first);
    serveCertificate(app, second);
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' };
    await expect(shake(port, old)).rejects.toThrow(/protocol|version|handshake/i);
  });
});

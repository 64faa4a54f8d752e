import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import { TrustedCertificates } from '../../../src/adapters/kubernetes/trusted-certificates.ts';
import type { CertificatePair } from '../../../src/adapters/tls/certificate-pair.ts';
import type { KeyedCertificate } from '../../../src/adapters/tls/make-certificates.ts';
import { logInMemory } from '../../support/log-in-memory.ts';
import { authority, serving } from '../tls/made-certificates.ts';
import {
  configurationName,
  host,
  mutating,
  putConfigurations,
  validating,
} from './certificate-replica.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { startFakeCluster } from './fake-cluster.ts';
import { status } from './mishap.ts';
import { quick } from './reflection.ts';
import { until } from './until.ts';

let server: FakeApiServer;
let connection: KubernetesConnection;
let signer: KeyedCertificate;

beforeEach(async () => {
  ({ server, connection } = await startFakeCluster());
  signer = await authority();
});

/** A certificate that somebody else keeps in files, and what is missing for it to be of use. */
async function start() {
  const { certificate, key } = await serving(signer, [host]);
  const pair: CertificatePair = { certificate, key, expiresAt: new Date(Date.now() + 1e6) };
  const files = {
    start: async (serve: (served: CertificatePair) => void) => serve(pair),
    missing: () => [],
    staleness: () => [],
    stop: async () => undefined,
  };
  const { log, all } = logInMemory();
  const source = new TrustedCertificates(files, { connection, log, timings: quick });
  onTestFinished(() => source.stop());
  await source.start(() => undefined);
  return { missing: () => source.missing(pair), source, all };
}

function base64(pem: string): string {
  return Buffer.from(pem).toString('base64');
}

function distrustOf(plural: string): string {
  return `caBundle of ${plural}.admissionregistration.k8s.io ${configurationName}`;
}

const distrust = [mutating, validating].map(distrustOf);

describe('certificates that somebody else keeps', () => {
  test('are ready where no configuration calls us, and where each trusts them', async () => {
    const { missing } = await start();
    await until(() => expect(missing()).toEqual([]));
    putConfigurations(server);
    await until(() => expect(missing()).toEqual(distrust));
    putConfigurations(server, base64(signer.certificate));
    await until(() => expect(missing()).toEqual([]));
    putConfigurations(server, base64((await authority('another')).certificate));
    await until(() => expect(missing()).toEqual(distrust));
    expect(server.writes).toEqual([]);
  });

  test('are none of the business of webhooks that call another host', async () => {
    server.put(mutating, '', configurationName, {
      webhooks: [
        { name: 'x.baas.openfunction.io', clientConfig: { url: 'https://example.com:9443/x' } },
      ],
    });
    const { missing } = await start();
    await until(() => expect(missing()).toEqual([]));
  });

  test('are ready also where an admin does not let us see the configurations, which is told', async () => {
    putConfigurations(server);
    server.intercept = ({ verb, plural }) =>
      verb === 'list' && plural === mutating
        ? status(403, 'Forbidden', 'User "x" cannot list resource "y"')
        : undefined;
    const { missing, source, all } = await start();
    await until(() => expect(missing()).toEqual([distrustOf(validating)]));
    await until(() => expect(source.staleness()).toHaveLength(1));
    expect(all).toMatchObject([
      {
        level: 'warn',
        kind: 'forbidden',
        msg: 'Cannot list mutatingwebhookconfigurations.admissionregistration.k8s.io in all namespaces; a ClusterRole has to grant "list" on "mutatingwebhookconfigurations" of API group "admissionregistration.k8s.io": 403 User "x" cannot list resource "y"',
      },
    ]);
    server.intercept = () => undefined;
    await until(() => expect(missing()).toEqual(distrust));
  });
});

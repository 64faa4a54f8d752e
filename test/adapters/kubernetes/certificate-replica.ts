import { X509Certificate } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import {
  SecretCertificates,
  type SecretCertificatesOptions,
} from '../../../src/adapters/kubernetes/secret-certificates.ts';
import type { CertificatePair } from '../../../src/adapters/tls/certificate-pair.ts';
import { readCertificates } from '../../../src/adapters/tls/pem-certificates.ts';
import { leadsTo } from '../../../src/adapters/tls/verify-chain.ts';
import { asStringMap, at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import { logInMemory } from '../../support/log-in-memory.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { quick } from './reflection.ts';
import { until } from './until.ts';

export const secretName = 'certificates';
export const host = 'webhook.ours.svc';
export const configurationName = 'baas.openfunction.io';
export const mutating = 'mutatingwebhookconfigurations';
export const validating = 'validatingwebhookconfigurations';

const hourMs = 60 * 60 * 1000;
export const lifetimes = { caMs: 360 * 24 * hourMs, servingMs: 30 * 24 * hourMs };

const timings = { ...quick, recheckMs: 60_000, absence: { firstMs: 1, maxMs: 10 } };

let replicas = 0;

/** A replica of the webhook, as far as its certificates are concerned. It stops when the test ends. */
export class CertificateReplica {
  readonly source: SecretCertificates;
  readonly served: CertificatePair[] = [];
  readonly #log = logInMemory();
  readonly #server: FakeApiServer;
  readonly #connection: KubernetesConnection;
  /** Tells its requests from those of others. */
  readonly #token: string;
  #stopped: Promise<void> | undefined;

  constructor(server: FakeApiServer, options: Partial<SecretCertificatesOptions> = {}) {
    replicas += 1;
    this.#token = `replica-${replicas}`;
    this.#server = server;
    this.#connection = new KubernetesConnection(() => {
      const config = server.kubeConfig();
      config.users = config.users.map((user) => ({ ...user, token: this.#token }));
      return config;
    });
    this.source = new SecretCertificates({
      connection: this.#connection,
      namespace: 'ours',
      name: secretName,
      hosts: [host],
      lifetimes,
      log: this.#log.log,
      timings,
      random: () => 0,
      ...options,
    });
    onTestFinished(() => this.stop());
    void this.source.start((pair) => void this.served.push(pair));
  }

  /** How often it has looked at the Secret. */
  get looks(): number {
    const own = `Bearer ${this.#token}`;
    const asked = this.#server.seen('get', 'secrets');
    return asked.filter(({ authorization }) => authorization === own).length;
  }

  get current(): X509Certificate | undefined {
    const pair = this.served.at(-1);
    return pair === undefined ? undefined : new X509Certificate(pair.certificate);
  }

  /** What is missing to be ready. */
  get missing(): readonly string[] {
    const pair = this.served.at(-1);
    return pair === undefined ? ['serving certificate'] : this.source.missing(pair);
  }

  /** Log lines of trouble. */
  get complaints(): readonly Record<string, unknown>[] {
    return this.#log.all.filter(({ level }) => level !== 'info');
  }

  lines(message: string | RegExp): Record<string, unknown>[] {
    return this.#log.lines(message);
  }

  /** Everything that it ever logged. */
  get logged(): string {
    return JSON.stringify(this.#log.all);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.source.stop().finally(() => this.#connection.close());
    return this.#stopped;
  }
}

/** A configuration whose webhooks call our Service, each with this caBundle. */
export function putConfiguration(server: FakeApiServer, plural: string, caBundle?: string): void {
  const clientConfig = {
    service: { name: 'webhook', namespace: 'ours', path: '/x' },
    ...(caBundle === undefined ? {} : { caBundle }),
  };
  const webhooks = ['functions', 'pods'].map((resource) => ({
    name: `${resource}.${plural}.baas.openfunction.io`,
    clientConfig,
    sideEffects: 'None',
  }));
  server.put(plural, '', configurationName, { webhooks });
}

export function putConfigurations(server: FakeApiServer, caBundle?: string): void {
  for (const plural of [mutating, validating]) putConfiguration(server, plural, caBundle);
}

/** caBundle of every webhook of a configuration, as PEM. */
export function bundles(server: FakeApiServer, plural: string): string[] {
  const configuration = server.get(plural, '', configurationName);
  return objectsOf(configuration?.['webhooks']).map(({ item }) =>
    Buffer.from(String(at(item, 'clientConfig', 'caBundle') ?? ''), 'base64').toString(),
  );
}

/** Entries of the Secret, as text. */
export function storedEntries(server: FakeApiServer): Record<string, string> {
  const secret = server.get('secrets', 'ours', secretName);
  return Object.fromEntries(
    Object.entries(asStringMap(secret?.['data'])).map(([name, value]) => [
      name,
      Buffer.from(value, 'base64').toString(),
    ]),
  );
}

/** Whether every webhook of both configurations verifies what a replica serves. */
export function isTrusted(server: FakeApiServer, replica: CertificateReplica, now: Date): boolean {
  const { current } = replica;
  return (
    current !== undefined &&
    [mutating, validating].every((plural) =>
      bundles(server, plural).every((bundle) => leadsTo([current], readCertificates(bundle), now)),
    )
  );
}

/** Changes of Secrets and configurations, oldest first. */
export function certificateWrites(server: FakeApiServer): string[] {
  return server.writes
    .filter((write) => /secrets|webhookconfigurations/.test(write))
    .map((write) => write.replace(' undefined/', ' '));
}

/** Tells replicas of a change that is none, and waits until each has looked. */
export async function nudge(
  server: FakeApiServer,
  ...replicas: readonly CertificateReplica[]
): Promise<void> {
  await until(() => expect(server.openWatches('secrets')).toBeGreaterThanOrEqual(replicas.length));
  const looks = replicas.map((replica) => replica.looks);
  // A real change would make writes fail that are under way.
  const object = server.get('secrets', 'ours', secretName);
  server.writeToWatches('secrets', `${JSON.stringify({ type: 'MODIFIED', object })}\n`);
  await until(() => {
    for (const [index, replica] of replicas.entries()) {
      expect(replica.looks).toBeGreaterThan(looks[index] ?? 0);
    }
  });
}

/** Waits until replicas have done whatever they had to do: who looks again has finished what was before. */
export async function settled(
  server: FakeApiServer,
  ...replicas: readonly CertificateReplica[]
): Promise<void> {
  await nudge(server, ...replicas);
  await nudge(server, ...replicas);
}

/** A Secret as somebody else would have it. */
export function secretOf(
  entries: Readonly<Record<string, string>>,
  labels: JsonObject,
): JsonObject {
  const data = Object.fromEntries(
    Object.entries(entries).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
  return { metadata: { labels }, type: 'kubernetes.io/tls', data };
}

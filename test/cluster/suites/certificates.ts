import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import { loadKubeConfig } from '../../../src/adapters/kubernetes/load-kube-config.ts';
import { asStringMap, at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import type { AuditedWrite } from '../harness/audit-log.ts';
import type { Cluster } from '../harness/cluster.ts';
import { eventually } from '../harness/eventually.ts';
import { podOf } from '../harness/fixtures.ts';
import type { Product } from '../harness/product.ts';
import { productNamespace, userOf } from '../harness/service-accounts.ts';
import { SteadyLoad } from '../harness/steady-load.ts';
import { TcpBalancer } from '../harness/tcp-balancer.ts';
import { until } from '../harness/until.ts';
import { webhookConfigurations } from '../harness/webhook-configurations.ts';

/** Spelled out here: a typing mistake in the product must not carry its tests along. */
const secretName = 'openfunction-dapr-webhook-certificates';
const configurationName = 'baas.openfunction.io';
const kinds = ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'] as const;
const ownerLabel = 'app.kubernetes.io/managed-by=openfunction-dapr-webhook';

/** What is promised. */
const restoreLimitMs = 5_000;

const accounts = ['first', 'second'] as const;

/** No kube-proxy runs: API servers call the replicas by an address, and the certificate has to have it. */
const flags = [
  ...['--certificates', 'secret', '--certificate-hosts', '127.0.0.1'],
  ...['--service-namespace', productNamespace],
];

/** Two replicas of `serve` behind one address, with certificates of their own making. */
export function certificatesSuite(cluster: () => Cluster): void {
  let balancer: TcpBalancer;
  let replicas: readonly Product[];
  let admin: KubernetesConnection;

  beforeAll(async () => {
    admin = new KubernetesConnection(() => loadKubeConfig(cluster().plane.adminKubeconfig));
    balancer = await TcpBalancer.start();
    const kubectl = cluster().kubectl;
    // Pods are refused, and shown to no webhook, before it is there.
    await kubectl.run([
      ...['wait', '--for=create', 'serviceaccount/default', '-n', 'default', '--timeout=60s'],
    ]);
    replicas = await Promise.all(
      accounts.map((account) => cluster().startAnother(account, { command: 'serve', flags })),
    );
    balancer.targets = replicas.map(({ port }) => port);
  });

  afterAll(async () => {
    for (const replica of replicas ?? []) if (replica.isRunning) await replica.stop();
    await balancer?.stop();
    admin?.close();
  });

  /** What is shipped, but for the address; without caBundle, and nobody is let in without us. */
  function shipped(): JsonObject[] {
    const target = { port: balancer.port, ca: '', failurePolicy: 'Fail' } as const;
    return webhookConfigurations(target).map((object) => ({
      ...object,
      webhooks: objectsOf(object['webhooks']).map(({ item }) => ({
        ...item,
        clientConfig: { url: at(item, 'clientConfig', 'url') ?? null },
      })),
    }));
  }

  /** The caBundle of each webhook of a kind, PEM. */
  async function bundles(kind: string): Promise<string[]> {
    const path = `/apis/admissionregistration.k8s.io/v1/${kind}s/${configurationName}`;
    const configuration = await admin.getJson(path, { signal: AbortSignal.timeout(30_000) });
    return objectsOf(configuration['webhooks']).map(({ item }) =>
      Buffer.from(String(at(item, 'clientConfig', 'caBundle') ?? ''), 'base64').toString(),
    );
  }

  async function entries(): Promise<Record<string, string>> {
    const secret = await cluster().kubectl.get('secret', secretName, productNamespace);
    return Object.fromEntries(
      Object.entries(asStringMap(secret['data'])).map(([name, value]) => [
        name,
        Buffer.from(value, 'base64').toString(),
      ]),
    );
  }

  /** Waits until every webhook holds just what the Secret says is to be trusted. */
  async function untilTrusted(): Promise<void> {
    await eventually(async () => {
      const { 'ca.crt': ca } = await entries();
      for (const kind of kinds) {
        for (const bundle of await bundles(kind)) expect(bundle).toBe(ca);
      }
    });
  }

  /** The same, within what is promised, counted from now. */
  async function untilRestored(): Promise<number> {
    const { 'ca.crt': ca } = await entries();
    const startedAtMs = performance.now();
    const isBack = async (): Promise<boolean> =>
      (await Promise.all(kinds.map(bundles))).flat().every((bundle) => bundle === ca);
    await until('caBundle to be back', isBack, restoreLimitMs);
    return performance.now() - startedAtMs;
  }

  /** A Pod that the webhook is asked about; whether it answered. */
  async function isAdmitted(): Promise<boolean> {
    const answer = await admin.changeJson('/api/v1/namespaces/default/pods', {
      method: 'POST',
      query: { dryRun: 'All' },
      body: podOf('nobody', { name: 'probe' }),
      signal: AbortSignal.timeout(30_000),
    });
    return at(answer, 'metadata', 'name') === 'probe';
  }

  /** Opens a connection as an API server would. @throws when it does not trust what it is shown */
  async function shownBy({ port }: Product, trusted: string): Promise<X509Certificate> {
    const socket = connect({ port, host: '127.0.0.1', ca: trusted });
    await once(socket, 'secureConnect');
    const { raw } = socket.getPeerCertificate();
    socket.destroy();
    return new X509Certificate(raw);
  }

  /** Changes of Secrets and configurations by the replicas. */
  async function writes(): Promise<AuditedWrite[]> {
    const all: AuditedWrite[] = [];
    for (const account of accounts) {
      all.push(...(await cluster().audit.objectWrites({ user: userOf(account) })));
    }
    return all.filter(({ resource }) => /secrets|webhookconfigurations/.test(resource));
  }

  async function successes(): Promise<string[]> {
    return (await writes())
      .filter(({ code }) => code < 300)
      .map(({ verb, resource, name }) => `${verb} ${resource}/${name ?? ''}`);
  }

  function complaints(replica: Product): string {
    return JSON.stringify(replica.complaints);
  }

  async function apply(...args: string[]): Promise<void> {
    await cluster().kubectl.run([...args, '-f', '-'], shipped());
  }

  describe('of two replicas that begin at once', () => {
    it('are made by one of them, and served by both', async () => {
      expect(await successes()).toEqual([expect.stringMatching(/^create secrets\//)]);
      const { 'ca.crt': ca = '', 'tls.crt': certificate = '' } = await entries();
      const { serialNumber } = new X509Certificate(certificate);
      for (const replica of replicas) {
        expect((await shownBy(replica, ca)).serialNumber).toBe(serialNumber);
        expect(replica.complaints).toEqual([]);
      }
      const names = new X509Certificate(certificate).subjectAltName;
      expect(names).toContain(`DNS:openfunction-dapr-webhook.${productNamespace}.svc,`);
      expect(names).toContain('IP Address:127.0.0.1');
    });

    it('are trusted by configurations that come without caBundle, and API servers call us', async () => {
      await apply('apply');
      await untilTrusted();
      await eventually(async () => expect(await isAdmitted()).toBe(true));
      for (const replica of replicas) expect(await replica.isReady()).toBe(true);
    });
  });

  describe('caBundle', () => {
    it('that is wiped by a patch is back within 5 s, in both configurations', async () => {
      for (const kind of kinds) {
        const patch = [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }];
        await cluster().kubectl.run([
          ...['patch', kind, configurationName, '--type=json', '-p', JSON.stringify(patch)],
        ]);
        expect(await untilRestored()).toBeLessThan(restoreLimitMs);
      }
      expect(await isAdmitted()).toBe(true);
    });

    it('that is overwritten is back within 5 s', async () => {
      // API servers take nothing that is no certificate.
      const other = Buffer.from(replicas[0]?.ca ?? '').toString('base64');
      const patch = [{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: other }];
      await cluster().kubectl.run([
        ...['patch', kinds[0], configurationName, '--type=json', '-p', JSON.stringify(patch)],
      ]);
      expect(await untilRestored()).toBeLessThan(restoreLimitMs);
    });

    it.each([
      ['replaced by', ['replace']],
      ['applied again from', ['apply']],
      ['applied on the server again from', ['apply', '--server-side', '--force-conflicts']],
    ])(
      'is there within 5 s after the configurations are %s manifests without it',
      async (_how, args) => {
        await apply(...args);
        expect(await untilRestored()).toBeLessThan(restoreLimitMs);
        expect(await isAdmitted()).toBe(true);
      },
    );

    it('is there within 5 s after the configurations were deleted and made anew', async () => {
      await cluster().kubectl.run(['delete', kinds.join(','), configurationName]);
      await apply('create');
      expect(await untilRestored()).toBeLessThan(restoreLimitMs);
      await eventually(async () => expect(await isAdmitted()).toBe(true));
    });

    it('is all that we write, once for each time, and nothing is written where nothing differs', async () => {
      const before = await successes();
      expect(new Set(before.map((write) => write.split('/', 1)[0]))).toEqual(
        new Set([
          'create secrets',
          'patch mutatingwebhookconfigurations',
          'patch validatingwebhookconfigurations',
        ]),
      );
      const [second] = replicas.toReversed();
      await second?.restart();
      // Neither a restart nor somebody else's label is a reason to write.
      await cluster().kubectl.run(['label', kinds.join(','), configurationName, 'team=platform']);
      expect(await isAdmitted()).toBe(true);
      expect(await successes()).toEqual(before);
      for (const replica of replicas) expect(replica.complaints).toEqual([]);
    });
  });

  describe('that live for seconds', () => {
    it('are renewed, with a change of the CA, under 200 reviews a second of which none fails', async () => {
      const lives = ['--certificate-lifetime', '20s', '--ca-lifetime', '60s'];
      const serials = new Set<string>();
      const issuers = new Set<string>();
      const sizes = new Set<number>();
      // One after the other: there is always somebody who admits.
      for (const replica of replicas) {
        balancer.targets = replicas.filter((other) => other !== replica).map(({ port }) => port);
        await replica.restart({ flags: [...flags, ...lives] });
      }
      balancer.targets = replicas.map(({ port }) => port);
      const load = new SteadyLoad(200, async () => expect(await isAdmitted()).toBe(true));
      try {
        await until(
          'two changes of the CA',
          async () => {
            const [trusted = ''] = await bundles(kinds[0]);
            for (const replica of replicas) {
              const shown = await shownBy(replica, trusted);
              serials.add(shown.serialNumber);
              issuers.add(shown.issuer);
              expect(await replica.isReady()).toBe(true);
              const [expiry] = await replica.samples('baas_certificate_expiry_timestamp_seconds');
              expect((expiry ?? 0) * 1000).toBeGreaterThan(Date.now());
            }
            sizes.add(trusted.match(/BEGIN CERTIFICATE/g)?.length ?? 0);
            expect(load.failures).toEqual([]);
            return issuers.size >= 3 && serials.size >= 5 && sizes.size >= 2;
          },
          280_000,
        );
      } finally {
        await load.stop();
      }
      expect(load.failures).toEqual([]);
      expect(load.answered).toBeGreaterThan(1_000);
      process.stderr.write(
        `${load.answered} reviews, ${Math.round(load.rate)} a second, none failed\n`,
      );
      for (const replica of replicas) {
        expect(replica.complaints).toEqual([]);
        expect(await replica.answered()).toBeGreaterThan(0);
      }
      // Those of before live for long again.
      await replicas[0]?.restart({ flags });
      await replicas[1]?.restart({ flags });
      await untilTrusted();
    }, 300_000);
  });

  describe('of a Secret that changes while it is served', () => {
    it('and is deleted: others are made, served and trusted at once', async () => {
      const { 'tls.crt': before = '' } = await entries();
      await cluster().kubectl.run(['delete', 'secret', secretName, '-n', productNamespace]);
      await eventually(async () => expect(Object.keys(await entries())).toContain('tls.crt'));
      await untilTrusted();
      const { 'ca.crt': ca = '', 'tls.crt': after = '' } = await entries();
      expect(after).not.toBe(before);
      for (const replica of replicas) {
        // Only the new CA is given: who shows the certificate of before is not trusted.
        await eventually(() => shownBy(replica, ca));
        await replica.untilReady();
      }
      await eventually(async () => expect(await isAdmitted()).toBe(true));
    });

    it('and is damaged: those of before are served and trusted, nothing is written, and it is said', async () => {
      const { kubectl } = cluster();
      const { data } = await kubectl.get('secret', secretName, productNamespace);
      const writesBefore = await successes();
      const patchSecret = (members: JsonObject): Promise<string> =>
        kubectl.run([
          ...['patch', 'secret', secretName, '-n', productNamespace, '--type=merge'],
          ...['-p', JSON.stringify(members)],
        ]);
      await patchSecret({ data: { 'tls.key': Buffer.from('x').toString('base64') } });
      for (const replica of replicas) {
        await eventually(async () =>
          expect(complaints(replica)).toContain('is damaged (tls.key is no PEM private key)'),
        );
        expect(complaints(replica)).toContain('the certificate that is served expires on ');
        expect(await replica.isReady()).toBe(true);
      }
      expect(await isAdmitted()).toBe(true);
      expect(await successes()).toEqual(writesBefore);
      await apply('replace');
      expect(await untilRestored()).toBeLessThan(restoreLimitMs);
      await eventually(async () => expect(await isAdmitted()).toBe(true));
      await patchSecret({ data: data ?? null });
      await untilTrusted();
      expect((await successes()).filter((write) => write.includes('secrets'))).toEqual(
        writesBefore.filter((write) => write.includes('secrets')),
      );
    });
  });

  describe('of replicas that are all gone', () => {
    it('are there again with them, without a write, and meanwhile others are not affected', async () => {
      const { 'tls.crt': certificate } = await entries();
      const before = await successes();
      await Promise.all(replicas.map((replica) => replica.kill()));
      await expect(isAdmitted()).rejects.toThrow('failed calling webhook');
      const { metadata: _metadata, ...others } = podOf('nobody', {});
      const pod = { ...others, metadata: { name: 'of-nobody' } };
      const create = ['create', '--dry-run=server', '-n', 'default', '-f', '-'];
      await cluster().kubectl.run(create, [pod]);
      await Promise.all(replicas.map((replica) => replica.restart({ flags })));
      await eventually(async () => expect(await isAdmitted()).toBe(true));
      expect((await entries())['tls.crt']).toBe(certificate);
      expect(await successes()).toEqual(before);
      for (const replica of replicas) expect(replica.complaints).toEqual([]);
    });
  });

  describe('of a Secret that cannot be used', () => {
    /** Restarts one replica alone, with the Secret replaced by something else. */
    async function restartWith(...create: string[]): Promise<Product> {
      const [alone, other] = replicas;
      if (alone === undefined || other === undefined) throw new Error('there are two replicas');
      for (const replica of replicas) if (replica.isRunning) await replica.stop();
      const inNamespace = ['-n', productNamespace];
      const remove = ['delete', 'secret', secretName, '--ignore-not-found', ...inNamespace];
      await cluster().kubectl.run(remove);
      if (create.length > 0) await cluster().kubectl.run([...create, ...inNamespace]);
      await alone.launch({ flags });
      return alone;
    }

    it('are not made over what is not ours, and are when that is gone', async () => {
      const before = await successes();
      const replica = await restartWith(
        ...['create', 'secret', 'generic', secretName, '--from-literal=theirs=x'],
      );
      await eventually(async () => expect(complaints(replica)).toContain("is somebody else's"));
      expect(await replica.isReady()).toBe(false);
      expect(await entries()).toEqual({ theirs: 'x' });
      expect(await successes()).toEqual(before);
      await cluster().kubectl.run(['delete', 'secret', secretName, '-n', productNamespace]);
      await replica.untilReady();
      await untilTrusted();
    });

    it('are not made over what is ours and damaged', async () => {
      const replica = await restartWith(
        ...['create', 'secret', 'generic', secretName, '--from-literal=tls.crt=x'],
      );
      await cluster().kubectl.run([
        ...['label', 'secret', secretName, ownerLabel, '-n', productNamespace],
      ]);
      await eventually(async () =>
        expect(complaints(replica)).toContain(
          'is damaged (it has no ca.crt, no ca.key, no tls.key) and is left alone',
        ),
      );
      expect(await entries()).toEqual({ 'tls.crt': 'x' });
      await cluster().kubectl.run(['delete', 'secret', secretName, '-n', productNamespace]);
      await replica.untilReady();
    });

    it('are made into an empty one that carries our label', async () => {
      const replica = await restartWith('create', 'secret', 'generic', secretName);
      await cluster().kubectl.run([
        ...['label', 'secret', secretName, ownerLabel, '-n', productNamespace],
      ]);
      await replica.untilReady();
      expect(Object.keys(await entries()).sort()).toEqual([
        ...['ca.crt', 'ca.key', 'tls.crt', 'tls.key'],
      ]);
      await untilTrusted();
    });

    it('are not made for want of a right, which is told, and are when it is given', async () => {
      const [account] = accounts;
      const binding = `${secretName}-${account}`;
      const { stdout } = await cluster().kubectl.try([
        ...['get', 'rolebinding', binding, '-n', productNamespace, '-o', 'json'],
      ]);
      await cluster().kubectl.run(['delete', 'rolebinding', binding, '-n', productNamespace]);
      const ask = ['auth', 'can-i', 'get', `secret/${secretName}`, '-n', productNamespace];
      await until('the right to be gone', async () => {
        const asked = await cluster().kubectl.try([...ask, `--as=${userOf(account)}`]);
        return asked.stdout.startsWith('no');
      });
      const replica = await restartWith();
      await eventually(async () =>
        expect(complaints(replica)).toContain(
          `Cannot get secrets \\"${secretName}\\" in namespace \\"${productNamespace}\\"; a Role has to grant \\"get\\" on \\"secrets\\" of API group \\"\\"`,
        ),
      );
      expect(await replica.isReady()).toBe(false);
      const { metadata: _metadata, ...rest } = JSON.parse(stdout);
      const metadata = { name: binding, namespace: productNamespace };
      await cluster().kubectl.run(['apply', '-f', '-'], [{ ...rest, metadata }]);
      await replica.untilReady();
      await untilTrusted();
    });
  });
}

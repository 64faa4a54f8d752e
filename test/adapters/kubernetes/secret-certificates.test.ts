import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { at } from '../../../src/api/json.ts';
import { authority, serving } from '../tls/made-certificates.ts';
import {
  bundles,
  CertificateReplica,
  certificateWrites,
  configurationName,
  host,
  isTrusted,
  lifetimes,
  mutating,
  nudge,
  putConfiguration,
  putConfigurations,
  secretName,
  secretOf,
  settled,
  storedEntries,
  validating,
} from './certificate-replica.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { fakeCluster } from './fake-cluster.ts';
import { status } from './mishap.ts';
import { until } from './until.ts';

const dayMs = 24 * 60 * 60 * 1000;
const ourLabels = { 'app.kubernetes.io/managed-by': 'openfunction-dapr-webhook' };

let server: FakeApiServer;

beforeEach(async () => {
  server = fakeCluster();
  await server.start();
  onTestFinished(() => server.stop());
});

/** A clock for all replicas of a test. */
function clock(startMs = Date.parse('2026-11-20T10:00:00.000Z')) {
  let nowMs = startMs;
  return {
    date: () => new Date(nowMs),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

function base64(text = ''): string {
  return Buffer.from(text).toString('base64');
}

async function ready(...replicas: CertificateReplica[]): Promise<void> {
  await until(() => {
    for (const replica of replicas) {
      expect(replica.missing).toEqual([]);
      expect(isTrusted(server, replica, new Date(0))).toBe(true);
    }
  });
}

describe('the first replica', () => {
  test('makes a CA and a certificate for its Service into a Secret, and has it trusted', async () => {
    putConfigurations(server);
    const replica = new CertificateReplica(server);
    await ready(replica);
    expect(Object.keys(storedEntries(server)).sort()).toEqual([
      ...['ca.crt', 'ca.key', 'tls.crt', 'tls.key'],
    ]);
    expect(server.get('secrets', 'ours', secretName)).toMatchObject({
      type: 'kubernetes.io/tls',
      metadata: { labels: { ...ourLabels, 'app.kubernetes.io/name': 'openfunction-dapr-webhook' } },
    });
    const { 'ca.crt': ca } = storedEntries(server);
    for (const plural of [mutating, validating]) expect(bundles(server, plural)).toEqual([ca, ca]);
    expect(replica.current?.checkHost(host)).toBe(host);
    expect(replica.complaints).toEqual([]);
    expect(replica.logged).not.toContain('PRIVATE');
  });

  test('changes nothing of the configurations but caBundle', async () => {
    putConfigurations(server);
    const before = server.get(mutating, '', configurationName);
    const replica = new CertificateReplica(server);
    await ready(replica);
    const after = server.get(mutating, '', configurationName);
    const without = (object: unknown): unknown =>
      JSON.parse(
        JSON.stringify(object, (key, value) =>
          ['caBundle', 'resourceVersion', 'managedFields'].includes(key) ? undefined : value,
        ),
      );
    expect(without(after)).toEqual(without(before));
    expect(server.seen('patch', mutating)[0]?.query.get('fieldManager')).toBe(
      'openfunction-dapr-webhook',
    );
  });

  test('fills a Secret that was made for it and is empty, and keeps what others wrote on it', async () => {
    server.put('secrets', 'ours', secretName, {
      type: 'Opaque',
      metadata: { labels: { ...ourLabels, team: 'platform' }, annotations: { note: 'x' } },
    });
    const replica = new CertificateReplica(server);
    await until(() => expect(replica.served).toHaveLength(1));
    expect(server.get('secrets', 'ours', secretName)).toMatchObject({
      type: 'Opaque',
      metadata: { labels: { team: 'platform' }, annotations: { note: 'x' } },
    });
    expect(certificateWrites(server)).toEqual([`update secrets ours/${secretName}`]);
  });

  test('never lets a watch carry a key', async () => {
    const replica = new CertificateReplica(server);
    await until(() => expect(replica.missing).toEqual([]));
    await until(() => expect(server.openWatches('secrets')).toBe(1));
    const asked = [...server.seen('list', 'secrets'), ...server.seen('watch', 'secrets')];
    expect(asked.length).toBeGreaterThan(0);
    for (const { accept, query, namespace } of asked) {
      expect(accept).toContain('as=PartialObjectMetadata');
      expect([namespace, query.get('fieldSelector')]).toEqual([
        'ours',
        `metadata.name=${secretName}`,
      ]);
    }
  });
});

describe('several replicas', () => {
  test('that come at once agree on what one of them made', async () => {
    putConfigurations(server);
    const replicas = Array.from({ length: 5 }, () => new CertificateReplica(server));
    await ready(...replicas);
    const serials = new Set(replicas.map(({ current }) => current?.serialNumber));
    expect(serials.size).toBe(1);
    expect(server.writes.filter((write) => write.includes('secrets'))).toEqual([
      `create secrets ours/${secretName}`,
    ]);
    for (const { complaints } of replicas) expect(complaints).toEqual([]);
  });

  test('renew once, whoever of them is first', async () => {
    const time = clock();
    const replicas = [0, 1].map(() => new CertificateReplica(server, { date: time.date }));
    await until(() => expect(replicas.map(({ served }) => served.length)).toEqual([1, 1]));
    time.pass(21 * dayMs);
    await settled(server, ...replicas);
    await until(() => expect(replicas.map(({ served }) => served.length)).toEqual([2, 2]));
    expect(new Set(replicas.map(({ current }) => current?.serialNumber)).size).toBe(1);
    expect(certificateWrites(server)).toEqual([
      `create secrets ours/${secretName}`,
      `update secrets ours/${secretName}`,
    ]);
  });

  test.each(['create', 'update'])(
    'of which one loses the race to %s: it serves what the winner made',
    async (verb) => {
      const time = clock();
      const winner = new CertificateReplica(server, { date: time.date });
      await until(() => expect(winner.served).toHaveLength(1));
      if (verb === 'update') {
        time.pass(21 * dayMs);
        await nudge(server, winner);
        await until(() => expect(winner.served).toHaveLength(2));
      }
      const won = server.get('secrets', 'ours', secretName) ?? {};
      await winner.stop();
      const [made] = winner.served;
      if (verb === 'create') server.remove('secrets', 'ours', secretName);
      else {
        const data = { 'tls.crt': base64(made?.certificate), 'tls.key': base64(made?.key) };
        server.edit('secrets', 'ours', secretName, { data });
      }
      // The winner's write comes between the loser's read and its write.
      let isFirst = true;
      server.intercept = (request) => {
        if (request.verb !== verb || request.plural !== 'secrets' || !isFirst) return undefined;
        isFirst = false;
        server.put('secrets', 'ours', secretName, won);
        return undefined;
      };
      const before = certificateWrites(server).length;
      const loser = new CertificateReplica(server, { date: time.date });
      await until(() => expect(loser.current?.serialNumber).toBe(winner.current?.serialNumber));
      await settled(server, loser);
      expect(server.seen(verb as 'create', 'secrets').length).toBeGreaterThan(1);
      expect(certificateWrites(server)).toHaveLength(before);
      expect(loser.complaints).toEqual([]);
    },
  );

  test('write nothing at rest, and look at nothing but the Secret when they are woken', async () => {
    putConfigurations(server);
    const replicas = [0, 1, 2].map(() => new CertificateReplica(server));
    await ready(...replicas);
    await settled(server, ...replicas);
    const before = certificateWrites(server);
    const asked = server.requests.length;
    await settled(server, ...replicas);
    expect(certificateWrites(server)).toEqual(before);
    const since = server.requests.slice(asked).map(({ verb, plural }) => `${verb} ${plural}`);
    expect(new Set(since)).toEqual(new Set(['get secrets']));
  });
});

describe('caBundle', () => {
  test.each([
    ['wiped', ''],
    ['overwritten', base64('somebody else')],
  ])('that is %s is put back, by one write, and told once', async (_what, other) => {
    putConfigurations(server);
    const replica = new CertificateReplica(server);
    await ready(replica);
    const { 'ca.crt': ca } = storedEntries(server);
    const before = certificateWrites(server).length;
    const told = replica.lines('wrote caBundle').length;
    for (let times = 0; times < 2; times += 1) {
      putConfiguration(server, mutating, other);
      await until(() => expect(bundles(server, mutating)).toEqual([ca, ca]));
    }
    await settled(server, replica);
    expect(certificateWrites(server).slice(before)).toEqual([
      `patch ${mutating} ${configurationName}`,
      `patch ${mutating} ${configurationName}`,
    ]);
    // The first of the two is the same as at the start.
    expect(replica.lines('wrote caBundle')).toHaveLength(told);
    expect(replica.lines('wrote caBundle')[0]).toMatchObject({
      configuration: `${mutating}.admissionregistration.k8s.io/${configurationName}`,
      before: 'empty',
      webhooks: [
        `functions.${mutating}.${configurationName}`,
        `pods.${mutating}.${configurationName}`,
      ],
    });
  });

  test('of a configuration that comes later, or is made anew, is written', async () => {
    const replica = new CertificateReplica(server);
    await until(() => expect(replica.missing).toEqual([]));
    const { 'ca.crt': ca } = storedEntries(server);
    for (let times = 0; times < 2; times += 1) {
      putConfigurations(server);
      for (const plural of [mutating, validating]) {
        await until(() => expect(bundles(server, plural)).toEqual([ca, ca]));
        server.remove(plural, '', configurationName);
      }
    }
    expect(replica.complaints).toEqual([]);
  });

  test('is not put back by a replica that is behind, once somebody knows better', async () => {
    putConfigurations(server);
    const time = clock();
    const behind = new CertificateReplica(server, { date: time.date });
    await ready(behind);
    // It no longer hears of the Secret, and a newer one comes: with an authority more.
    server.intercept = ({ verb, plural }) =>
      verb === 'watch' && plural === 'secrets' ? 'silent' : undefined;
    server.endWatches('secrets');
    await until(() => expect(server.seen('watch', 'secrets').length).toBeGreaterThan(1));
    const secret = server.get('secrets', 'ours', secretName);
    const entries = storedEntries(server);
    const newer = `${(await authority('newer')).certificate}${entries['ca.crt']}`;
    server.put('secrets', 'ours', secretName, {
      ...secret,
      data: { ...(secret?.['data'] as object), 'ca.crt': base64(newer) },
    });
    const written: number[] = [];
    server.intercept = ({ verb, body }) => {
      if (verb === 'patch') written.push(JSON.stringify(body).length);
      return undefined;
    };
    putConfiguration(server, mutating, base64('wiped'));
    for (const plural of [mutating, validating]) {
      await until(() => expect(bundles(server, plural)[0]?.match(/BEGIN/g)).toHaveLength(2));
    }
    // Each was written once: never with what it knew before.
    expect(written).toHaveLength(2);
  });

  test('that somebody else changes at the same moment is looked at again, without a complaint', async () => {
    putConfigurations(server);
    let isFirst = true;
    server.intercept = ({ verb, plural }) => {
      if (verb !== 'patch' || plural !== mutating || !isFirst) return undefined;
      isFirst = false;
      // Between the read and the patch.
      server.edit(mutating, '', configurationName, { metadata: { labels: { new: 'label' } } });
      return undefined;
    };
    const replica = new CertificateReplica(server);
    await ready(replica);
    expect(server.seen('patch', mutating).length).toBe(2);
    expect(at(server.get(mutating, '', configurationName), 'metadata', 'labels', 'new')).toBe(
      'label',
    );
    expect(replica.complaints).toEqual([]);
  });

  test('of webhooks that call somebody else is left alone, and that is said', async () => {
    server.put(mutating, '', configurationName, {
      webhooks: [
        {
          name: 'functions.mutate.baas.openfunction.io',
          clientConfig: { service: { name: 'webhook', namespace: 'theirs' } },
        },
        {
          name: 'admin.example.com',
          clientConfig: { service: { name: 'webhook', namespace: 'ours' } },
        },
      ],
    });
    const replica = new CertificateReplica(server);
    await until(() => expect(replica.missing).toEqual([]));
    await settled(server, replica);
    expect(server.seen('patch', mutating)).toEqual([]);
    expect(replica.complaints).toMatchObject([
      {
        level: 'warn',
        webhook: 'functions.mutate.baas.openfunction.io',
        msg: 'webhook calls webhook.theirs.svc, which the certificate is not for; its caBundle is left alone (--service-name, --service-namespace and --certificate-hosts say what it is for)',
      },
    ]);
  });
});

describe('a replica is ready', () => {
  test('where there is no configuration, or only one: it can be installed before them', async () => {
    const replica = new CertificateReplica(server);
    await until(() => expect(replica.missing).toEqual([]));
    // One that comes without caBundle would call us and not trust us, until it is written.
    server.intercept = ({ verb }) => (verb === 'patch' ? 'silent' : undefined);
    putConfiguration(server, validating);
    await until(() =>
      expect(replica.missing).toEqual([
        `caBundle of ${validating}.admissionregistration.k8s.io ${configurationName}`,
      ]),
    );
    server.remove(validating, '', configurationName);
    await until(() => expect(replica.missing).toEqual([]));
  });

  test('when it knows the configurations, and they trust what it serves', async () => {
    putConfigurations(server);
    server.intercept = ({ verb }) =>
      verb === 'patch' ? status(403, 'Forbidden', 'User "x" cannot patch resource "y"') : undefined;
    const replica = new CertificateReplica(server);
    const name = (plural: string): string => `${plural}.admissionregistration.k8s.io`;
    await until(() =>
      expect(replica.missing).toEqual([
        `caBundle of ${name(mutating)} ${configurationName}`,
        `caBundle of ${name(validating)} ${configurationName}`,
      ]),
    );
    await until(() =>
      expect(replica.complaints.map(({ msg }) => msg)).toEqual([
        expect.stringMatching(
          /^Cannot patch mutatingwebhookconfigurations\.admissionregistration\.k8s\.io "baas\.openfunction\.io" in all namespaces; a ClusterRole has to grant "patch" on "mutatingwebhookconfigurations" of API group "admissionregistration\.k8s\.io": 403 .*; the certificate that is served expires on /,
        ),
      ]),
    );
    server.intercept = () => undefined;
    putConfigurations(server);
    await ready(replica);
  });
});

describe('a Secret that cannot be used', () => {
  test("that is somebody else's is left alone, and the way out is told", async () => {
    const pair = await serving(await authority());
    const theirs = secretOf(
      { 'tls.crt': pair.certificate, 'tls.key': pair.key },
      { app: 'theirs' },
    );
    server.put('secrets', 'ours', secretName, theirs);
    putConfigurations(server);
    const replica = new CertificateReplica(server);
    await until(() => expect(replica.complaints).toHaveLength(1));
    expect(replica.complaints[0]).toMatchObject({
      level: 'error',
      msg: expect.stringMatching(
        /^Secret "certificates" in namespace "ours" is somebody else's .* choose another with --certificate-secret.*; there is no certificate to serve yet$/,
      ),
    });
    await settled(server, replica);
    expect(certificateWrites(server)).toEqual([]);
    expect(replica.served).toEqual([]);
    expect(replica.missing).toEqual(['serving certificate']);
    // When it is gone, everything goes on by itself.
    server.remove('secrets', 'ours', secretName);
    await ready(replica);
  });

  test('that is damaged while it is served: what was read before goes on being served', async () => {
    putConfigurations(server);
    const replica = new CertificateReplica(server);
    await ready(replica);
    const good = server.get('secrets', 'ours', secretName) ?? {};
    const other = await serving(await authority());
    const writes = certificateWrites(server);
    server.edit('secrets', 'ours', secretName, {
      data: { 'tls.key': base64(other.key) },
    });
    await until(() => expect(replica.complaints).toHaveLength(1));
    expect(replica.complaints[0]?.['msg']).toMatch(
      /^Secret "certificates" in namespace "ours" is damaged \(tls\.key is not the key of tls\.crt\) and is left alone; mend it, or delete it to have a new CA and certificate made; the certificate that is served expires on \d{4}-/,
    );
    await settled(server, replica);
    expect(certificateWrites(server)).toEqual(writes);
    expect(replica.served).toHaveLength(1);
    expect(replica.missing).toEqual([]);
    expect(replica.logged).not.toContain('PRIVATE');
    server.put('secrets', 'ours', secretName, good);
    await settled(server, replica);
    expect(certificateWrites(server)).toEqual(writes);
    expect(replica.served).toHaveLength(1);
  });

  test('is no reason to let go of caBundle: wiped, it is back with what was read before', async () => {
    putConfigurations(server);
    const replica = new CertificateReplica(server);
    await ready(replica);
    const { 'ca.crt': ca } = storedEntries(server);
    for (const damage of [
      { data: { 'ca.crt': base64('x') } },
      { metadata: { labels: { 'app.kubernetes.io/managed-by': 'theirs' } } },
    ]) {
      const told = replica.complaints.length;
      server.edit('secrets', 'ours', secretName, damage);
      await until(() => expect(replica.complaints.length).toBeGreaterThan(told));
      putConfigurations(server);
      for (const plural of [mutating, validating]) {
        await until(() => expect(bundles(server, plural)).toEqual([ca, ca]));
      }
      await until(() => expect(replica.missing).toEqual([]));
    }
    expect(certificateWrites(server).filter((write) => write.includes('secrets'))).toEqual([
      `create secrets ours/${secretName}`,
    ]);
  });

  test('because it was deleted: another CA and certificate are made, served and trusted at once', async () => {
    putConfigurations(server);
    const replicas = [0, 1].map(() => new CertificateReplica(server));
    await ready(...replicas);
    const { 'ca.crt': before } = storedEntries(server);
    server.remove('secrets', 'ours', secretName);
    await until(() => expect(replicas.map(({ served }) => served.length)).toEqual([2, 2]));
    await ready(...replicas);
    const { 'ca.crt': after } = storedEntries(server);
    // Who deletes it because a key has leaked wants nobody to trust that any more.
    expect(after).not.toContain(before);
    for (const plural of [mutating, validating]) {
      await until(() => expect(bundles(server, plural)).toEqual([after, after]));
    }
    for (const { complaints } of replicas) expect(complaints).toEqual([]);
  });

  test('because a right is missing: the verb, the resource and the namespace are told, once', async () => {
    for (const [verb, prepare] of [
      ['get', () => undefined],
      ['create', () => undefined],
      [
        'update',
        () => server.put('secrets', 'ours', secretName, { metadata: { labels: ourLabels } }),
      ],
    ] as const) {
      prepare();
      const message = `secrets "${secretName}" is forbidden: User "x" cannot ${verb} resource "secrets" in API group "" in the namespace "ours"`;
      server.intercept = (request) =>
        request.verb === verb && request.plural === 'secrets'
          ? status(403, 'Forbidden', message)
          : undefined;
      const replica = new CertificateReplica(server);
      await until(() => expect(server.seen(verb, 'secrets').length).toBeGreaterThan(1));
      expect(replica.complaints.map(({ msg }) => msg)).toEqual([
        `Cannot ${verb} secrets "${secretName}" in namespace "ours"; a Role has to grant "${verb}" on "secrets" of API group "": 403 ${message}; there is no certificate to serve yet`,
      ]);
      await replica.stop();
    }
  });
});

describe('a renewal', () => {
  test('that fails leaves the certificate in use, and says when that expires', async () => {
    const time = clock();
    const replica = new CertificateReplica(server, { date: time.date });
    await until(() => expect(replica.served).toHaveLength(1));
    time.pass(21 * dayMs);
    server.intercept = ({ verb }) =>
      verb === 'update' ? status(500, 'InternalError', 'etcd is away') : undefined;
    await nudge(server, replica);
    await until(() => expect(replica.complaints).toHaveLength(1));
    expect(replica.complaints[0]?.['msg']).toBe(
      'Cannot update secrets "certificates" in namespace "ours": 500 etcd is away; the certificate that is served expires on 2026-12-20T10:00:00.000Z',
    );
    expect(replica.served).toHaveLength(1);
    server.intercept = () => undefined;
    await until(() => expect(replica.served).toHaveLength(2));
    expect(replica.served.at(-1)?.expiresAt).toEqual(new Date('2027-01-10T10:00:00.000Z'));
  });

  test('of the CA goes over an overlap in which both are trusted, and nothing fails', async () => {
    putConfigurations(server);
    const time = clock();
    const replicas = [0, 1].map(() => new CertificateReplica(server, { date: time.date }));
    await until(() => expect(replicas.map(({ missing }) => missing)).toEqual([[], []]));
    const seen = { bundles: new Set<number>(), issuers: new Set<string>() };
    const startMs = time.date().getTime();
    while (time.date().getTime() < startMs + 1.2 * lifetimes.caMs) {
      time.pass(5 * dayMs);
      await settled(server, ...replicas);
      // Never, not for a moment, is something served that is not trusted.
      for (const replica of replicas) {
        expect(isTrusted(server, replica, time.date())).toBe(true);
        seen.issuers.add(replica.current?.issuer ?? '');
      }
      const { 'ca.crt': ca = '', 'tls.crt': stored = '' } = storedEntries(server);
      await until(() => {
        for (const { missing, served } of replicas) {
          expect([missing, served.at(-1)?.certificate]).toEqual([[], stored]);
        }
        for (const plural of [mutating, validating]) {
          expect(bundles(server, plural)).toEqual([ca, ca]);
        }
      });
      seen.bundles.add(ca.match(/BEGIN/g)?.length ?? 0);
    }
    expect(seen.issuers.size).toBe(2);
    expect(seen.bundles).toEqual(new Set([1, 2]));
    // At the end the first one is gone.
    expect(storedEntries(server)['ca.crt']?.match(/BEGIN/g)).toHaveLength(1);
    for (const { complaints } of replicas) expect(complaints).toEqual([]);
  });

  test('is not needed after a restart: what is stored is served as it is', async () => {
    putConfigurations(server);
    const first = new CertificateReplica(server);
    await ready(first);
    await first.stop();
    const writes = certificateWrites(server);
    const second = new CertificateReplica(server);
    await ready(second);
    await settled(server, second);
    expect(second.current?.serialNumber).toBe(first.current?.serialNumber);
    expect(certificateWrites(server)).toEqual(writes);
  });

  test('for another host is made at once, without the Secret being deleted', async () => {
    const first = new CertificateReplica(server);
    await until(() => expect(first.served).toHaveLength(1));
    const second = new CertificateReplica(server, { hosts: ['127.0.0.1'] });
    await until(() => expect(first.served).toHaveLength(2));
    await until(() => expect(second.current?.subjectAltName).toContain('127.0.0.1'));
    // The replica of before still has what it needs.
    expect(first.current?.checkHost(host)).toBe(host);
    await settled(server, first, second);
    expect(certificateWrites(server)).toHaveLength(2);
  });
});

describe('an API server that is away', () => {
  test('is waited for, and everything is made when it comes', async () => {
    await server.stop();
    const replica = new CertificateReplica(server);
    await until(() => expect(replica.complaints.length).toBeGreaterThan(0));
    expect(replica.missing).toEqual(['serving certificate']);
    await server.start();
    await until(() => expect(replica.missing).toEqual([]));
  });
});

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { KubernetesConnection } from '../../src/adapters/kubernetes/kubernetes-connection.ts';
import { KubernetesFunctionSource } from '../../src/adapters/kubernetes/kubernetes-function-source.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { type ControllerSettings, startController } from '../../src/processes/controller.ts';
import type { OpenedCluster } from '../../src/processes/open-cluster.ts';
import { startParts } from '../../src/processes/process-part.ts';
import type { FakeApiServer } from '../adapters/kubernetes/fake-api-server.ts';
import { fakeCluster } from '../adapters/kubernetes/fake-cluster.ts';
import { status } from '../adapters/kubernetes/mishap.ts';
import { until } from '../adapters/kubernetes/until.ts';
import { proxySettings } from '../support/desired.ts';
import { pick } from '../support/json.ts';
import { logInMemory } from '../support/log-in-memory.ts';

let server: FakeApiServer;

beforeEach(async () => {
  server = fakeCluster();
  await server.start();
  onTestFinished(() => server.stop());
});

const alone: ControllerSettings = {
  proxy: proxySettings,
  concurrency: 4,
  leaderElect: false,
  leaseName: 'controller',
  leaseNamespace: 'home',
  excludedNamespaces: ['kube-system'],
  repairMissedPods: false,
  repairRate: 6_000,
};

/** A process of the controller over the fake API server. */
async function startProcess(settings: Partial<ControllerSettings> = {}) {
  const { log, all, lines } = logInMemory();
  const connection = new KubernetesConnection(() => server.kubeConfig());
  const source = new KubernetesFunctionSource({ connection, onError: () => undefined });
  source.start();
  const controllerConnection = new KubernetesConnection(() => server.kubeConfig());
  const opened: OpenedCluster = {
    source,
    connection,
    controllerConnection,
    namespace: 'home',
    missing: () => source.missing(),
    staleness: () => source.staleness(),
    stop: async () => {
      await source.stop();
      connection.close();
      controllerConnection.close();
    },
  };
  const running = await startParts({ healthPort: 0, listenAddress: '127.0.0.1' }, opened, [
    (metrics) => startController({ ...alone, ...settings }, opened, metrics, log),
  ]);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= running.stop();
    return stopped;
  };
  onTestFinished(stop);
  /** Samples of the metrics by name and labels. */
  const metrics = async (): Promise<Map<string, number>> => {
    const answer = await fetch(`http://127.0.0.1:${running.healthPort}/metrics`);
    const samples = (await answer.text())
      .split('\n')
      .filter((line) => line.startsWith('baas_'))
      .map((line): [string, number] => {
        const end = line.lastIndexOf(' ');
        return [line.slice(0, end), Number(line.slice(end + 1))];
      });
    return new Map(samples);
  };
  return { stop, metrics, all, lines };
}

/** A Function in standalone mode. */
const standalone: JsonObject = {
  spec: {
    image: 'example.com/orders:v1',
    serving: {
      annotations: {
        'openfunction.io/enable-dapr': 'true',
        'openfunction.io/dapr-service-mode': 'standalone',
      },
    },
  },
};

const kept = {
  services: ['demo/orders-dapr-proxy'],
  networkpolicies: ['demo/orders-dapr-proxy'],
  deployments: ['demo/orders-dapr-proxy'],
};

async function keeps(expected: Readonly<Record<string, readonly string[]>> = kept): Promise<void> {
  await until(() => {
    for (const [plural, names] of Object.entries(expected)) {
      expect(server.names(plural)).toEqual(names);
    }
  });
}

describe('two processes', () => {
  test('of which one leads: the other follows when that one stops', async () => {
    server.put('functions', 'demo', 'orders', standalone);
    const first = await startProcess({ leaderElect: true });
    await keeps();
    const second = await startProcess({ leaderElect: true });
    await until(() => expect(second.lines('leader')).toHaveLength(1));
    const holder = pick(server.get('leases', 'home', 'controller'), 'spec', 'holderIdentity');
    expect(second.lines('leader')[0]).toMatchObject({ holder, lease: 'home/controller' });
    expect((await first.metrics()).get('baas_leader')).toBe(1);
    const standingBy = await second.metrics();
    expect(standingBy.get('baas_leader')).toBe(0);
    // It follows the Functions as well, and knows nothing of what only the leader follows.
    expect(standingBy.get('baas_functions{mode="standalone"}')).toBe(1);
    expect(standingBy.has('baas_queue_depth')).toBe(false);
    expect(standingBy.has('baas_missed_pods')).toBe(false);
    expect(standingBy.has('baas_watch_staleness_seconds{resource="services (kept)"}')).toBe(false);

    const writes = server.writes.filter((write) => !write.includes(' leases ')).length;
    await first.stop();
    await until(async () => expect((await second.metrics()).get('baas_leader')).toBe(1));
    server.remove('services', 'demo', 'orders-dapr-proxy');
    await keeps();
    // What was as it should be was not written again, and not told again either.
    const since = server.writes.filter((write) => !write.includes(' leases ')).slice(writes);
    expect(since).toEqual(['apply services demo/orders-dapr-proxy']);
    expect(second.lines(/./).filter(({ level }) => level !== 'info')).toEqual([]);
  });

  test('that cannot have the Lease say why, and write nothing', async () => {
    server.put('functions', 'demo', 'orders', standalone);
    const refusal =
      'leases.coordination.k8s.io "controller" is forbidden: User "x" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "home"';
    server.intercept = ({ plural }) =>
      plural === 'leases' ? status(403, 'Forbidden', refusal) : undefined;
    const process = await startProcess({ leaderElect: true });
    await until(() => expect(process.lines(/^Cannot/)).not.toEqual([]));
    expect(process.lines(/^Cannot/)).toMatchObject([
      {
        level: 'warn',
        kind: 'forbidden',
        msg:
          'Cannot get leases.coordination.k8s.io "controller" in namespace "home"; a Role has to ' +
          `grant "get" on "leases" of API group "coordination.k8s.io": 403 ${refusal}`,
      },
    ]);
    expect(server.writes).toEqual([]);
  });
});

describe('a process that leads', () => {
  test('keeps the proxy of a Function, and tells in metrics, in the log and in an Event', async () => {
    server.put('functions', 'demo', 'orders', standalone);
    const process = await startProcess();
    await keeps();
    await until(() => expect(server.names('events')).toHaveLength(1));
    expect(process.lines('wrote')).toMatchObject([
      { verb: 'apply', kind: 'Service', namespace: 'demo', name: 'orders-dapr-proxy' },
      { verb: 'apply', kind: 'NetworkPolicy' },
      { verb: 'apply', kind: 'Deployment' },
    ]);
    await until(async () => {
      const metrics = await process.metrics();
      expect(Object.fromEntries(metrics)).toMatchObject({
        baas_leader: 1,
        baas_queue_depth: 0,
        baas_missed_pods: 0,
        'baas_functions{mode="standalone"}': 1,
        'baas_proxies{mode="standalone"}': 1,
        'baas_writes_total{kind="Deployment",verb="apply"}': 1,
        'baas_writes_total{kind="Event",verb="create"}': 1,
        'baas_watch_staleness_seconds{resource="services (kept)"}': expect.any(Number),
      });
      expect(
        metrics.get('baas_reconcile_duration_seconds_count{result="success"}'),
      ).toBeGreaterThan(0);
    });
  });

  test('writes nothing where all is as it should be, however often it looks', async () => {
    server.put('functions', 'demo', 'orders', standalone);
    const process = await startProcess();
    await keeps();
    await until(() => expect(server.names('events')).toHaveLength(1));
    const writes = [...server.writes];
    const reconciles = async (): Promise<number> =>
      (await process.metrics()).get('baas_reconcile_duration_seconds_count{result="success"}') ?? 0;
    const before = await reconciles();
    // Nobody's mode, so that each looks at the Function and changes nothing.
    for (const name of ['a', 'b', 'c']) {
      const labels = { 'openfunction.io/function': 'orders', 'baas.openfunction.io/mode': 'x' };
      server.put('pods', 'demo', name, { metadata: { labels } });
    }
    await until(async () => expect(await reconciles()).toBeGreaterThan(before));
    expect(server.writes).toEqual(writes);
  });

  test('puts back what somebody changed, and leaves what is theirs', async () => {
    server.put('functions', 'demo', 'orders', standalone);
    await startProcess();
    await keeps();
    server.edit('services', 'demo', 'orders-dapr-proxy', {
      metadata: { annotations: { theirs: 'x' }, labels: { 'openfunction.io/managed': null } },
    });
    await until(() => {
      const live = server.get('services', 'demo', 'orders-dapr-proxy');
      expect(pick(live, 'metadata', 'labels', 'openfunction.io/managed')).toBe('true');
      expect(pick(live, 'metadata', 'annotations', 'theirs')).toBe('x');
    });
  });

  test('removes what is kept when the Function wants no Dapr any more', async () => {
    server.put('functions', 'demo', 'orders', standalone);
    const process = await startProcess();
    await keeps();
    server.put('functions', 'demo', 'orders', {
      spec: { serving: { annotations: { 'openfunction.io/enable-dapr': 'false' } } },
    });
    await keeps({ services: [], networkpolicies: [], deployments: [] });
    await until(async () => {
      const metrics = await process.metrics();
      expect(metrics.get('baas_functions{mode="disabled"}')).toBe(1);
      expect(metrics.has('baas_proxies{mode="standalone"}')).toBe(false);
    });
  });

  test('evicts Pods that were not admitted where it is told to', async () => {
    const pod = (name: string): JsonObject => ({
      metadata: {
        labels: { 'openfunction.io/function': 'orders' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: 'r', controller: true },
        ],
      },
    });
    server.put('functions', 'demo', 'orders', standalone);
    server.put('pods', 'demo', 'missed', pod('missed'));
    const process = await startProcess({ repairMissedPods: true });
    await until(() => expect(server.names('pods')).toEqual([]));
    await until(async () =>
      expect(
        (await process.metrics()).get('baas_writes_total{kind="Eviction",verb="create"}'),
      ).toBe(1),
    );
  });

  test('shows Pods that were not admitted, and leaves them where it is not', async () => {
    server.put('functions', 'demo', 'orders', standalone);
    server.put('pods', 'demo', 'missed', {
      metadata: { labels: { 'openfunction.io/function': 'orders' } },
    });
    const process = await startProcess();
    await keeps();
    await until(async () => expect((await process.metrics()).get('baas_missed_pods')).toBe(1));
    expect(server.names('pods')).toEqual(['demo/missed']);
  });
});

describe('trouble', () => {
  test('with a missing right is told once, and not once for every Function', async () => {
    const refusal =
      'services is forbidden: User "x" cannot patch resource "services" in API group "" in the namespace "demo"';
    server.intercept = ({ verb, plural }) =>
      verb === 'apply' && plural === 'services' ? status(403, 'Forbidden', refusal) : undefined;
    for (const name of ['a', 'b', 'c']) server.put('functions', 'demo', name, standalone);
    const process = await startProcess();
    // What fails for one object does not keep the others from being written.
    await keeps({ deployments: ['a', 'b', 'c'].map((name) => `demo/${name}-dapr-proxy`) });
    await until(async () =>
      expect(
        (await process.metrics()).get('baas_reconcile_duration_seconds_count{result="error"}'),
      ).toBeGreaterThan(3),
    );
    expect(process.lines(/^Cannot/)).toMatchObject([{ level: 'warn', kind: 'forbidden' }]);
    server.intercept = () => undefined;
    await keeps({ services: ['a', 'b', 'c'].map((name) => `demo/${name}-dapr-proxy`) });
  });

  test('with a kind that is being removed is told once as well', async () => {
    server.intercept = ({ verb, plural }) =>
      verb === 'apply' && plural === 'services'
        ? { status: 404, body: '404 page not found' }
        : undefined;
    for (const name of ['a', 'b', 'c']) server.put('functions', 'demo', name, standalone);
    const process = await startProcess();
    await keeps({ deployments: ['a', 'b', 'c'].map((name) => `demo/${name}-dapr-proxy`) });
    expect(process.lines(/^Cannot/)).toMatchObject([{ level: 'warn', kind: 'not-found' }]);
  });

  test('with the connection keeps no Event from being written', async () => {
    let cuts = 0;
    server.intercept = ({ verb, plural }) => {
      if (verb !== 'create' || plural !== 'events' || cuts === 2) return undefined;
      cuts += 1;
      return 'reset';
    };
    server.put('functions', 'demo', 'orders', standalone);
    const process = await startProcess();
    await until(() => expect(server.names('events')).toHaveLength(1));
    expect(cuts).toBe(2);
    expect(process.lines(/^Cannot create events/)).toHaveLength(1);
  });

  test('of an API server that is busy is not run into again before it says so', async () => {
    const busy = { kind: 'Status', code: 429, message: 'busy', details: { retryAfterSeconds: 1 } };
    const triedAtMs: number[] = [];
    server.intercept = ({ verb, plural }) => {
      if (verb !== 'apply' || plural !== 'services') return undefined;
      triedAtMs.push(performance.now());
      return triedAtMs.length === 1 ? { status: 429, body: busy } : undefined;
    };
    server.put('functions', 'demo', 'orders', standalone);
    await startProcess();
    await keeps();
    const [first = 0, second = 0] = triedAtMs;
    // What else is made wakes nobody: each write's answer is known before a watch tells of it.
    expect(second - first).toBeGreaterThanOrEqual(990);
  });

  test('with a quota is told for each Function that runs into it', async () => {
    server.intercept = ({ verb, plural, name }) =>
      verb === 'apply' && plural === 'services'
        ? status(403, 'Forbidden', `services "${name}" is forbidden: exceeded quota: small`)
        : undefined;
    for (const name of ['a', 'b']) server.put('functions', 'demo', name, standalone);
    const process = await startProcess();
    await until(() => expect(process.lines(/^Cannot/)).toHaveLength(2));
    const told = process.lines(/^Cannot/);
    expect(told.map(({ function: fn }) => fn).sort()).toEqual(['demo/a', 'demo/b']);
    expect(told.map(({ msg }) => String(msg)).join()).not.toContain('Role');
  });

  test('of our own making is told with where it came from', async () => {
    server.put('functions', 'demo', 'orders', standalone);
    const proxy = {
      ...proxySettings,
      get image(): string {
        throw new TypeError('a bug');
      },
    };
    const process = await startProcess({ proxy });
    await until(() => expect(process.lines('a bug')).toHaveLength(1));
    expect(process.lines('a bug')).toMatchObject([
      { level: 'warn', function: 'demo/orders', stack: expect.stringMatching(/\n\s+at /) },
    ]);
  });
});

describe('stopping', () => {
  test('gives the Lease back, and leaves no connection', async () => {
    const process = await startProcess({ leaderElect: true });
    await until(() => expect(server.names('leases')).toEqual(['home/controller']));
    await process.stop();
    expect(pick(server.get('leases', 'home', 'controller'), 'spec', 'holderIdentity')).toBe('');
    await until(() => expect(server.openConnections).toBe(0));
  });

  test('does not wait for an API server that answers nothing', async () => {
    server.put('functions', 'demo', 'orders', standalone);
    const process = await startProcess({ leaderElect: true });
    await keeps();
    server.intercept = () => 'hang';
    server.remove('services', 'demo', 'orders-dapr-proxy');
    await until(() => expect(server.seen('get', 'services')).toHaveLength(2));
    const startedAtMs = performance.now();
    await process.stop();
    // Two seconds are for giving back the Lease.
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
  });
});

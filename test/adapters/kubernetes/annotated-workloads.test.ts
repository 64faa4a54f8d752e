import { beforeEach, describe, expect, test } from 'vitest';
import { AnnotatedWorkloads } from '../../../src/adapters/kubernetes/annotated-workloads.ts';
import type {
  GetOptions,
  KubernetesConnection,
} from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { startFakeCluster } from './fake-cluster.ts';
import { status } from './mishap.ts';
import { until } from './until.ts';

const signal = new AbortController().signal;

let server: FakeApiServer;
let connection: KubernetesConnection;
let workloads: AnnotatedWorkloads;

beforeEach(async () => {
  ({ server, connection } = await startFakeCluster());
  workloads = new AnnotatedWorkloads(connection);
});

function asking(appId: string, enabled = 'true'): JsonObject {
  const annotations = { 'dapr.io/enabled': enabled, 'dapr.io/app-id': appId };
  return { spec: { template: { metadata: { annotations } } } };
}

async function appIds(namespace = 'demo', within = signal): Promise<string[]> {
  return [...(await workloads.appIds(namespace, within))].sort();
}

/** A connection that keeps its first answer back until it is released. */
class HeldConnection {
  /** Resources, in the order in which they were asked for. */
  readonly asked: string[] = [];
  /** What happens after the first answer was made, and before it is given. */
  onReleased: () => void = () => undefined;
  release: () => void = () => undefined;
  readonly #connection: KubernetesConnection;
  readonly #released = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  constructor(connection: KubernetesConnection) {
    this.#connection = connection;
  }

  async getJson(path: string, options: GetOptions): Promise<JsonObject> {
    const isFirst = this.asked.length === 0;
    this.asked.push(path.split('/').at(-1) ?? '');
    const answer = await this.#connection.getJson(path, options);
    if (isFirst) {
      await this.#released;
      this.onReleased();
    }
    return answer;
  }
}

describe('the app-ids of a namespace', () => {
  test('are those that the templates of its Deployments and StatefulSets ask a sidecar for', async () => {
    server.put('deployments', 'demo', 'orders', asking('orders-demo'));
    server.put('deployments', 'demo', 'plain', {});
    server.put('deployments', 'demo', 'off', asking('off-demo', 'false'));
    server.put('deployments', 'other', 'elsewhere', asking('elsewhere'));
    server.put('statefulsets', 'demo', 'store', asking('store-demo'));
    expect(await appIds()).toEqual(['orders-demo', 'store-demo']);
    expect(await appIds('other')).toEqual(['elsewhere']);
  });

  test('are read page by page', async () => {
    for (let index = 0; index < 120; index += 1) {
      server.put('deployments', 'demo', `d${index}`, asking(`app-${index % 3}`));
    }
    expect(await appIds()).toEqual(['app-0', 'app-1', 'app-2']);
    expect(server.seen('list', 'deployments')).toHaveLength(2);
  });

  test('are asked for anew each time', async () => {
    expect(await appIds()).toEqual([]);
    server.put('deployments', 'demo', 'orders', asking('orders-demo'));
    expect(await appIds()).toEqual(['orders-demo']);
  });
});

describe('those who ask while a list is running', () => {
  test('share one that began after they asked', async () => {
    const held = new HeldConnection(connection);
    workloads = new AnnotatedWorkloads(held);
    const first = appIds();
    const later = [appIds(), appIds(), appIds()];
    expect(held.asked).toEqual(['deployments']);
    // Too late for the list that is running, which may have been read already.
    held.onReleased = () => server.put('deployments', 'demo', 'orders', asking('orders-demo'));
    held.release();
    expect(await first).toEqual([]);
    expect(await Promise.all(later)).toEqual(Array(3).fill(['orders-demo']));
    expect(held.asked).toEqual(['deployments', 'statefulsets', 'deployments', 'statefulsets']);
  });

  test('the next time are not given the list that was shared the time before', async () => {
    await Promise.all([appIds(), appIds()]);
    const running = appIds();
    server.put('deployments', 'demo', 'orders', asking('orders-demo'));
    expect(await appIds()).toEqual(['orders-demo']);
    await running;
  });

  test('of another namespace do not wait for it', async () => {
    server.put('deployments', 'other', 'elsewhere', asking('elsewhere'));
    server.intercept = ({ namespace }) => (namespace === 'demo' ? 'hang' : undefined);
    const giveUp = new AbortController();
    const held = appIds('demo', giveUp.signal).catch(() => undefined);
    expect(await appIds('other')).toEqual(['elsewhere']);
    giveUp.abort();
    await held;
  });

  test('are not told of its failure', async () => {
    let lists = 0;
    server.intercept = () => {
      lists += 1;
      return lists === 1 ? status(500, 'InternalError', 'etcd is away') : undefined;
    };
    server.put('deployments', 'demo', 'orders', asking('orders-demo'));
    const [first, second] = await Promise.allSettled([appIds(), appIds()]);
    expect(first?.status).toBe('rejected');
    expect(second).toEqual({ status: 'fulfilled', value: ['orders-demo'] });
  });
});

describe('a failure', () => {
  test('is told, and does not stick', async () => {
    const refusal = 'User "x" cannot list resource "statefulsets" in API group "apps"';
    server.intercept = ({ plural }) =>
      plural === 'statefulsets' ? status(403, 'Forbidden', refusal) : undefined;
    await expect(appIds()).rejects.toMatchObject({
      kind: 'forbidden',
      message:
        'Cannot list statefulsets.apps in namespace "demo"; a Role has to grant "list" ' +
        `on "statefulsets" of API group "apps": 403 ${refusal}`,
    });
    server.intercept = () => undefined;
    server.put('deployments', 'demo', 'orders', asking('orders-demo'));
    expect(await appIds()).toEqual(['orders-demo']);
  });

  test('of who asked next does not stick either', async () => {
    server.intercept = () => status(500, 'InternalError', 'etcd is away');
    const both = await Promise.allSettled([appIds(), appIds()]);
    expect(both.map(({ status: outcome }) => outcome)).toEqual(['rejected', 'rejected']);
    server.intercept = () => undefined;
    expect(await appIds()).toEqual([]);
  });

  test('to wait any longer is the reason of whoever gave up', async () => {
    server.intercept = () => 'hang';
    const giveUp = new AbortController();
    const reason = new Error('the term is over');
    const asked = [appIds('demo', giveUp.signal), appIds('demo', giveUp.signal)];
    await until(() => expect(server.requests).toHaveLength(1));
    giveUp.abort(reason);
    for (const outcome of await Promise.allSettled(asked)) {
      expect(outcome).toEqual({ status: 'rejected', reason });
    }
  });
});

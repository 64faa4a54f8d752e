import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import { KubernetesObjectWriter } from '../../../src/adapters/kubernetes/kubernetes-object-writer.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { ApplicableObject } from '../../../src/controller/cluster-view.ts';
import { fingerprint } from '../../../src/rules/reconcile/fingerprint.ts';
import type { ObservedObject } from '../../../src/rules/reconcile/observed-object.ts';
import { pick } from '../../support/json.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { startFakeCluster } from './fake-cluster.ts';
import { status } from './mishap.ts';
import { until } from './until.ts';

const signal = new AbortController().signal;

let server: FakeApiServer;
let connection: KubernetesConnection;
let writer: KubernetesObjectWriter;
let written: ObservedObject[];
let deleted: ObservedObject[];
let counted: string[];

beforeEach(async () => {
  ({ server, connection } = await startFakeCluster());
  written = [];
  deleted = [];
  counted = [];
  writer = new KubernetesObjectWriter({
    connection,
    onWritten: (observed) => written.push(observed),
    onDeleted: (observed) => deleted.push(observed),
    onRequest: (kind, verb) => counted.push(`${verb} ${kind}`),
  });
});

function service(port: number, labels: JsonObject = {}): ApplicableObject {
  return {
    kind: 'Service',
    namespace: 'demo',
    name: 'orders',
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'orders', namespace: 'demo', labels: { team: 'a', ...labels } },
      spec: { type: 'ClusterIP', ports: [{ name: 'http', port }] },
    },
  };
}

const secret: ApplicableObject = {
  kind: 'Secret',
  namespace: 'demo',
  name: 'orders',
  object: {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'orders', namespace: 'demo' },
    data: { token: 'c2VjcmV0' },
  },
};

function portOf(live: JsonObject | undefined): unknown {
  return pick(live, 'spec', 'ports', 0, 'port');
}

describe('apply', () => {
  test('makes an object that is not there, and tells what the API server made of it', async () => {
    const wanted = service(3500);
    const made = await writer.apply(wanted, false, signal);
    expect(portOf(server.get('services', 'demo', 'orders'))).toBe(3500);
    expect(made).toMatchObject({
      kind: 'Service',
      namespace: 'demo',
      name: 'orders',
      uid: pick(server.get('services', 'demo', 'orders'), 'metadata', 'uid'),
    });
    // That is how the controller sees that there is nothing to write.
    expect(made.fingerprint).toBe(fingerprint(wanted.object));
    expect(written).toEqual([made]);
    expect(counted).toEqual(['apply Service']);
  });

  test("changes what is ours, takes away what we no longer state, and leaves others' fields", async () => {
    await writer.apply(service(3500, { old: 'x' }), false, signal);
    server.edit('services', 'demo', 'orders', { metadata: { annotations: { theirs: 'y' } } });
    const made = await writer.apply(service(3501), true, signal);
    const live = server.get('services', 'demo', 'orders');
    expect(portOf(live)).toBe(3501);
    expect(pick(live, 'metadata', 'labels')).toEqual({ team: 'a' });
    expect(pick(live, 'metadata', 'annotations')).toEqual({ theirs: 'y' });
    expect(made.fingerprint).toBe(fingerprint(service(3501).object));
  });

  test('of what is there already makes no new version', async () => {
    const first = await writer.apply(service(3500), false, signal);
    const second = await writer.apply(service(3500), true, signal);
    expect(second).toEqual(first);
    expect(server.writes).toEqual(['apply services demo/orders']);
  });

  test("without force does not touch a field of somebody else's, and says whose it is", async () => {
    server.put('services', 'demo', 'orders');
    server.edit('services', 'demo', 'orders', service(80).object);
    await expect(writer.apply(service(3500), false, signal)).rejects.toMatchObject({
      status: 409,
      message:
        'Cannot patch services "orders" in namespace "demo": ' +
        '409 Apply failed with 1 conflict: conflict with "kubectl": .spec.ports',
    });
    expect(portOf(server.get('services', 'demo', 'orders'))).toBe(80);
    expect([written, counted]).toEqual([[], []]);
  });

  test('with force takes it back', async () => {
    await writer.apply(service(3500), false, signal);
    server.edit('services', 'demo', 'orders', service(80).object);
    const made = await writer.apply(service(3500), true, signal);
    expect(portOf(server.get('services', 'demo', 'orders'))).toBe(3500);
    expect(made.fingerprint).toBe(fingerprint(service(3500).object));
  });

  test('puts ports back of which somebody changed the number, which alone is refused', async () => {
    await writer.apply(service(3500), false, signal);
    server.edit('services', 'demo', 'orders', service(80).object);
    // Told apart by their numbers, both ports are there, and have one name.
    const refusal = 'Service "orders" is invalid: spec.ports[1].name: Duplicate value: "http"';
    server.intercept = ({ verb }) =>
      verb === 'apply' && portOf(server.get('services', 'demo', 'orders')) !== 3500
        ? status(422, 'Invalid', refusal)
        : undefined;
    await expect(writer.apply(service(3500), false, signal)).rejects.toThrow(refusal);
    expect(portOf(server.get('services', 'demo', 'orders'))).toBe(80);
    counted = [];
    const made = await writer.apply(service(3500), true, signal);
    expect(portOf(server.get('services', 'demo', 'orders'))).toBe(3500);
    expect(made.fingerprint).toBe(fingerprint(service(3500).object));
    expect(counted).toEqual(['patch Service', 'apply Service']);
  });

  test('names the field manager by which it finds its fields again', async () => {
    await writer.apply(service(3500), false, signal);
    const [request] = server.seen('apply', 'services');
    expect(Object.fromEntries(request?.query ?? [])).toEqual({
      fieldManager: 'openfunction-dapr-webhook',
      force: 'false',
    });
  });
});

describe('find', () => {
  test('tells of an object whoever made it', async () => {
    server.put('services', 'demo', 'orders', {
      metadata: {
        labels: { 'dapr.io/enabled': 'true' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x', uid: 'u', controller: true },
        ],
      },
    });
    expect(await writer.find('Service', 'demo', 'orders', signal)).toMatchObject({
      kind: 'Service',
      namespace: 'demo',
      name: 'orders',
      isDaprs: true,
      owner: { kind: 'Deployment', name: 'x', uid: 'u' },
    });
  });

  test('asks for no more than metadata, and makes up no fingerprint of that', async () => {
    await writer.apply(service(3500), false, signal);
    expect(await writer.find('Service', 'demo', 'orders', signal)).toHaveProperty(
      'fingerprint',
      undefined,
    );
    expect(server.seen('get', 'services')[0]?.accept).toContain('as=PartialObjectMetadata;');
  });

  test('tells who applied it', async () => {
    await writer.apply(service(3500), false, signal);
    expect(await writer.find('Service', 'demo', 'orders', signal)).toHaveProperty(
      'isApplied',
      true,
    );
  });

  test('of a Secret needs no right to get it, and sees no more than metadata', async () => {
    server.put('secrets', 'demo', 'other');
    expect(await writer.find('Secret', 'demo', 'orders', signal)).toBeUndefined();
    server.put('secrets', 'demo', 'orders', { data: { token: 'dGhlaXJz' } });
    expect(await writer.find('Secret', 'demo', 'orders', signal)).toMatchObject({
      kind: 'Secret',
      name: 'orders',
      owner: undefined,
    });
    expect(server.seen('get', 'secrets')).toEqual([]);
    for (const { accept } of server.seen('list', 'secrets')) {
      expect(accept).toContain('as=PartialObjectMetadataList;');
    }
  });

  test('finds nothing where there is nothing', async () => {
    expect(await writer.find('Service', 'demo', 'orders', signal)).toBeUndefined();
  });

  test('is no write', async () => {
    server.put('services', 'demo', 'orders');
    await writer.find('Service', 'demo', 'orders', signal);
    expect([written, counted]).toEqual([[], []]);
  });
});

describe('create', () => {
  test('makes an object, and does not ask to be sent back what is in it', async () => {
    const made = await writer.create(secret, signal);
    expect(server.get('secrets', 'demo', 'orders')).toMatchObject({ data: { token: 'c2VjcmV0' } });
    expect(made).toMatchObject({ kind: 'Secret', name: 'orders', fingerprint: undefined });
    expect(written).toEqual([made]);
    expect(counted).toEqual(['create Secret']);
    expect(server.seen('create', 'secrets')[0]?.accept).toContain('as=PartialObjectMetadata;');
  });

  test('leaves one that is there as it is', async () => {
    server.put('secrets', 'demo', 'orders', { data: { token: 'dGhlaXJz' } });
    expect(await writer.create(secret, signal)).toBeUndefined();
    expect(server.get('secrets', 'demo', 'orders')).toMatchObject({ data: { token: 'dGhlaXJz' } });
    expect([written, counted]).toEqual([[], []]);
  });
});

describe('delete', () => {
  test('removes the object', async () => {
    const made = await writer.apply(service(3500), false, signal);
    await writer.delete(made, signal);
    expect(server.names('services')).toEqual([]);
    expect(deleted).toEqual([made]);
    expect(counted).toEqual(['apply Service', 'delete Service']);
  });

  test('is content when it is gone already, and counts no write', async () => {
    const made = await writer.apply(service(3500), false, signal);
    server.remove('services', 'demo', 'orders');
    await writer.delete(made, signal);
    expect(deleted).toEqual([made]);
    expect(counted).toEqual(['apply Service']);
  });

  test('leaves its successor of the same name alone', async () => {
    const made = await writer.apply(service(3500), false, signal);
    server.remove('services', 'demo', 'orders');
    server.put('services', 'demo', 'orders');
    await writer.delete(made, signal);
    expect(server.names('services')).toEqual(['demo/orders']);
    expect(deleted).toEqual([made]);
  });
});

describe('trouble', () => {
  const observed = {
    kind: 'Service',
    namespace: 'demo',
    name: 'orders',
    uid: 'u',
  } as ObservedObject;
  const requests: readonly [verb: string, send: (signal: AbortSignal) => Promise<unknown>][] = [
    ['get', (within) => writer.find('Service', 'demo', 'orders', within)],
    ['patch', (within) => writer.apply(service(3500), true, within)],
    ['create', (within) => writer.create(service(3500), within)],
    ['delete', (within) => writer.delete(observed, within)],
  ];

  test.each(requests)('a missing right to %s is told with the way out', async (verb, send) => {
    const refusal = `services is forbidden: User "x" cannot ${verb} resource "services" in API group "" in the namespace "demo"`;
    server.intercept = () => status(403, 'Forbidden', refusal);
    await expect(send(signal)).rejects.toMatchObject({
      kind: 'forbidden',
      message:
        `Cannot ${verb} services "orders" in namespace "demo"; ` +
        `a Role has to grant "${verb}" on "services" of API group "": 403 ${refusal}`,
      request: `${verb} services`,
    });
    expect([written, deleted, counted]).toEqual([[], [], []]);
  });

  test('a quota that is used up is no missing right, and no role is asked for', async () => {
    const refusal = 'services "orders" is forbidden: exceeded quota: small, used: services=5';
    server.intercept = () => status(403, 'Forbidden', refusal);
    await expect(writer.apply(service(3500), true, signal)).rejects.toMatchObject({
      kind: 'refused',
      status: 403,
      message: `Cannot patch services "orders" in namespace "demo": 403 ${refusal}`,
    });
  });

  test('an answer that is no object is told', async () => {
    server.intercept = () => ({ status: 200, body: { kind: 'Status' } });
    await expect(writer.apply(service(3500), true, signal)).rejects.toMatchObject({
      kind: 'malformed',
      message: 'Cannot patch services "orders" in namespace "demo": the answer is no object',
    });
  });

  test.each(requests)('whoever gives up on a %s gets their own reason', async (_verb, send) => {
    server.intercept = () => 'hang';
    const giveUp = new AbortController();
    const reason = new Error('the term is over');
    const sending = expect(send(giveUp.signal)).rejects.toBe(reason);
    await until(() => expect(server.requests).toHaveLength(1));
    giveUp.abort(reason);
    await sending;
    expect([written, deleted, counted]).toEqual([[], [], []]);
  });

  test('an API server that does not answer is given up on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    server.intercept = () => 'hang';
    const sending = expect(writer.apply(service(3500), true, signal)).rejects.toMatchObject({
      kind: 'timeout',
      message: 'Cannot patch services "orders" in namespace "demo": heard nothing for 10 s',
    });
    await vi.waitUntil(() => server.requests.length === 1);
    vi.advanceTimersByTime(10_000);
    await sending;
  });
});

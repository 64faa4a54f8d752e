import { beforeEach, describe, expect, test } from 'vitest';
import type { KubernetesConnection } from '../../../src/adapters/kubernetes/kubernetes-connection.ts';
import { at, type JsonObject } from '../../../src/api/json.ts';
import { ownedFields } from '../../../src/rules/reconcile/owned-fields.ts';
import type { FakeApiServer } from '../../adapters/kubernetes/fake-api-server.ts';
import { startFakeCluster } from '../../adapters/kubernetes/fake-cluster.ts';
import { isSelected } from '../../adapters/kubernetes/selection.ts';

const services = '/api/v1/namespaces/demo/services';
const signal = new AbortController().signal;

let server: FakeApiServer;
let connection: KubernetesConnection;

beforeEach(async () => {
  ({ server, connection } = await startFakeCluster());
});

describe('a selection', () => {
  const object = {
    metadata: { labels: { app: 'orders', empty: '' } },
    status: { phase: 'Failed' },
  };

  test.each([
    ['labelSelector', 'app', true],
    ['labelSelector', 'empty', true],
    ['labelSelector', 'other', false],
    ['labelSelector', '!app', false],
    ['labelSelector', '!other', true],
    ['labelSelector', 'app=orders', true],
    ['labelSelector', 'app==orders', true],
    ['labelSelector', 'app=other', false],
    ['labelSelector', 'app!=orders', false],
    ['labelSelector', 'other!=orders', true],
    ['labelSelector', 'app,!other', true],
    ['labelSelector', 'app,other', false],
    ['labelSelector', 'example.com/app', false],
    ['fieldSelector', 'status.phase=Failed', true],
    ['fieldSelector', 'status.phase!=Failed', false],
    ['fieldSelector', 'status.phase!=Succeeded,status.phase!=Failed', false],
    ['fieldSelector', 'status.reason!=Evicted', true],
  ])('%s %s: %s', (kind, selector, expected) => {
    expect(isSelected(new URLSearchParams({ [kind]: selector }), object)).toBe(expected);
  });

  test('is told of by a watch: what begins to match is new, what ceases to is gone', async () => {
    server.put('services', 'demo', 'a', { metadata: { labels: { app: 'x' } } });
    server.put('services', 'demo', 'a', {});
    server.put('services', 'demo', 'a', { metadata: { labels: { app: 'y' } } });
    server.put('services', 'demo', 'a', { metadata: { labels: { app: 'z' } } });
    server.remove('services', 'demo', 'a');
    const query = { watch: 'true', resourceVersion: '100', labelSelector: 'app' };
    const types: unknown[] = [];
    for await (const line of await connection.getLines(services, { query, signal })) {
      types.push(JSON.parse(line).type);
      if (types.length === 5) break;
    }
    expect(types).toEqual(['ADDED', 'DELETED', 'ADDED', 'MODIFIED', 'DELETED']);
  });
});

describe('server-side apply', () => {
  function apply(object: JsonObject, fieldManager: string, force = false): Promise<JsonObject> {
    return connection.changeJson(`${services}/orders`, {
      method: 'PATCH',
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager, force: String(force) },
      body: { apiVersion: 'v1', kind: 'Service', ...object },
      signal,
    });
  }

  test('remembers who owns what', async () => {
    await apply({ spec: { type: 'ClusterIP', selector: { app: 'x' } } }, 'one');
    const live = await apply({ spec: { selector: { tier: 'y' } } }, 'two');
    expect(at(live, 'spec')).toEqual({ type: 'ClusterIP', selector: { app: 'x', tier: 'y' } });
    expect(ownedFields(live, 'one')).toEqual({
      spec: { type: 'ClusterIP', selector: { app: 'x' } },
    });
    expect(ownedFields(live, 'two')).toEqual({ spec: { selector: { tier: 'y' } } });
  });

  test('shares a field of which two say the same, and then takes it away from one alone', async () => {
    await apply({ spec: { type: 'ClusterIP' } }, 'one');
    await apply({ spec: { type: 'ClusterIP' } }, 'two');
    const live = await apply({ spec: { clusterIP: 'None' } }, 'one');
    expect(at(live, 'spec')).toEqual({ type: 'ClusterIP', clusterIP: 'None' });
    expect(at(await apply({}, 'two'), 'spec', 'type')).toBeUndefined();
  });

  test('is a conflict where somebody else says something else, unless it is forced', async () => {
    await apply({ spec: { type: 'ClusterIP' } }, 'one');
    await expect(apply({ spec: { type: 'NodePort' } }, 'two')).rejects.toMatchObject({
      status: 409,
    });
    const live = await apply({ spec: { type: 'NodePort' } }, 'two', true);
    expect(at(live, 'spec', 'type')).toBe('NodePort');
    expect(ownedFields(live, 'one')).toBeUndefined();
  });

  test('loses a field that somebody edits', async () => {
    await apply({ spec: { type: 'ClusterIP', clusterIP: 'None' } }, 'one');
    server.edit('services', 'demo', 'orders', { spec: { type: 'NodePort' } });
    expect(ownedFields(server.get('services', 'demo', 'orders') ?? {}, 'one')).toEqual({
      spec: { clusterIP: 'None' },
    });
  });

  test('that changes nothing makes no version', async () => {
    const first = await apply({ spec: { type: 'ClusterIP' } }, 'one');
    expect(await apply({ spec: { type: 'ClusterIP' } }, 'one')).toEqual(first);
    expect(server.writes).toEqual(['apply services demo/orders']);
  });
});

describe('a write', () => {
  test('over a version that is not the stored one is a conflict', async () => {
    server.put('leases', 'demo', 'l');
    const path = '/apis/coordination.k8s.io/v1/namespaces/demo/leases/l';
    const lease = await connection.getJson(path, { signal });
    server.put('leases', 'demo', 'l', { spec: {} });
    const writing = connection.changeJson(path, { method: 'PUT', body: lease, signal });
    await expect(writing).rejects.toMatchObject({ status: 409 });
  });

  test('keeps who an object is, and one made anew is another', async () => {
    const uid = (): unknown => at(server.get('services', 'demo', 'a'), 'metadata', 'uid');
    server.put('services', 'demo', 'a');
    const first = uid();
    server.put('services', 'demo', 'a', { spec: {} });
    expect(uid()).toBe(first);
    server.remove('services', 'demo', 'a');
    server.put('services', 'demo', 'a');
    expect(uid()).not.toBe(first);
  });
});

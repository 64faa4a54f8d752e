import { beforeEach, describe, expect, test } from 'vitest';
import { podEvictor } from '../../../src/adapters/kubernetes/evict-pod.ts';
import type { PodEvictor } from '../../../src/controller/pod-repair.ts';
import type { ObservedPod } from '../../../src/rules/reconcile/observed-pod.ts';
import { textAt } from '../../support/json.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import { startFakeCluster } from './fake-cluster.ts';
import { status } from './mishap.ts';
import { until } from './until.ts';

const signal = new AbortController().signal;

let server: FakeApiServer;
let evict: PodEvictor;
let evicted: number;

beforeEach(async () => {
  const { server: started, connection } = await startFakeCluster();
  server = started;
  evicted = 0;
  evict = podEvictor(connection, () => {
    evicted += 1;
  });
});

/** The Pod as it is at the moment. */
function podOf(name: string): ObservedPod {
  return {
    namespace: 'demo',
    name,
    uid: textAt(server.get('pods', 'demo', name), 'metadata', 'uid'),
    claim: { kind: 'function', name: 'orders' },
    mode: undefined,
    hasController: true,
    isDeleting: false,
    createdAt: '2026-01-01T00:00:00Z',
  };
}

describe('an eviction', () => {
  test('removes the Pod by the eviction API, which honours disruption budgets', async () => {
    server.put('pods', 'demo', 'orders-1');
    await evict(podOf('orders-1'), signal);
    expect(server.names('pods')).toEqual([]);
    expect(server.writes).toEqual(['evict pods demo/orders-1']);
    expect(evicted).toBe(1);
  });

  test('does not take the next Pod of the same name', async () => {
    server.put('pods', 'demo', 'orders-0');
    const before = podOf('orders-0');
    server.remove('pods', 'demo', 'orders-0');
    server.put('pods', 'demo', 'orders-0');
    await evict(before, signal);
    expect(server.names('pods')).toEqual(['demo/orders-0']);
    expect(evicted).toBe(0);
  });

  test('of a Pod that is gone is no error', async () => {
    server.put('pods', 'demo', 'orders-1');
    const pod = podOf('orders-1');
    server.remove('pods', 'demo', 'orders-1');
    await evict(pod, signal);
    expect(evicted).toBe(0);
  });

  test('that a disruption budget forbids for now is told as that', async () => {
    server.put('pods', 'demo', 'orders-1');
    const refusal = "Cannot evict pod as it would violate the pod's disruption budget.";
    server.intercept = () => status(429, 'TooManyRequests', refusal);
    await expect(evict(podOf('orders-1'), signal)).rejects.toMatchObject({
      kind: 'throttled',
      message: `Cannot create pods/eviction "orders-1" in namespace "demo": 429 ${refusal}`,
    });
    expect(evicted).toBe(0);
  });

  test('without the right to it is told with the way out', async () => {
    server.put('pods', 'demo', 'orders-1');
    const refusal =
      'pods "orders-1" is forbidden: User "x" cannot create resource "pods/eviction" in API group "" in the namespace "demo"';
    server.intercept = () => status(403, 'Forbidden', refusal);
    await expect(evict(podOf('orders-1'), signal)).rejects.toThrow(
      'a Role has to grant "create" on "pods/eviction" of API group ""',
    );
  });

  test('that is given up on rejects with the reason', async () => {
    server.put('pods', 'demo', 'orders-1');
    server.intercept = () => 'hang';
    const giveUp = new AbortController();
    const reason = new Error('the term is over');
    const evicting = expect(evict(podOf('orders-1'), giveUp.signal)).rejects.toBe(reason);
    await until(() => expect(server.requests).toHaveLength(1));
    giveUp.abort(reason);
    await evicting;
  });
});

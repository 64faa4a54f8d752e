import { describe, expect, it } from 'vitest';
import { removeKeptObjects } from '../../../src/adapters/kubernetes/remove-kept-objects.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { startFakeCluster } from './fake-cluster.ts';
import { status } from './mishap.ts';

const managedBy = 'app.kubernetes.io/managed-by';
const kept = {
  'baas.openfunction.io/proxy': 'orders',
  [managedBy]: 'openfunction-dapr-webhook',
};
const owner = {
  apiVersion: 'core.openfunction.io/v1beta2',
  kind: 'Function',
  name: 'orders',
  uid: 'u1',
  controller: true,
};
const keptPlurals = ['deployments', 'services', 'networkpolicies', 'secrets', 'components'];

function keptObject(
  labels: Record<string, string> = kept,
  ownerReferences: JsonObject[] = [owner],
): JsonObject {
  return { metadata: { labels, ownerReferences } };
}

async function startWorld() {
  const { server, connection } = await startFakeCluster();
  const removed: string[] = [];
  const remove = (signal = new AbortController().signal) =>
    removeKeptObjects({
      connection,
      signal,
      onRemoved: ({ kind, namespace, name }) => removed.push(`${kind} ${namespace}/${name}`),
      pauseMs: 1,
    });
  return { server, removed, remove };
}

describe('removing what is kept', () => {
  it('takes every kind, in every namespace, proxies first', async () => {
    const { server, removed, remove } = await startWorld();
    for (const plural of keptPlurals) {
      server.put(plural, 'shop', 'orders-dapr-proxy', keptObject());
      server.put(plural, 'bank', 'orders-dapr-proxy', keptObject());
    }
    expect(await remove()).toEqual([]);
    expect(removed).toHaveLength(10);
    expect(removed.slice(0, 2).toSorted()).toEqual([
      'Deployment bank/orders-dapr-proxy',
      'Deployment shop/orders-dapr-proxy',
    ]);
    for (const plural of keptPlurals) expect(server.names(plural)).toEqual([]);
  });

  it('leaves what is not kept for a Function, and reads no content of any object', async () => {
    const { server, removed, remove } = await startWorld();
    const { [managedBy]: _managedBy, ...proxyAlone } = kept;
    const strangers = {
      'without-label': keptObject(proxyAlone),
      'of-somebody-else': keptObject({ ...kept, [managedBy]: 'Helm' }),
      'without-owner': keptObject(kept, []),
      'of-a-deployment': keptObject(kept, [
        { ...owner, apiVersion: 'apps/v1', kind: 'Deployment' },
      ]),
    };
    for (const [name, object] of Object.entries(strangers)) {
      server.put('secrets', 'shop', name, object);
    }
    expect(await remove()).toEqual([]);
    expect(removed).toEqual([]);
    expect(server.names('secrets')).toHaveLength(4);
    for (const { accept } of server.requests) expect(accept).toContain('PartialObjectMetadata');
  });

  it('does without Dapr, and without the right to see Secrets', async () => {
    const { server, removed, remove } = await startWorld();
    server.put('deployments', 'shop', 'orders-dapr-proxy', keptObject());
    server.intercept = ({ plural }) => {
      if (plural === 'components') return status(404, 'NotFound', 'not here');
      return plural === 'secrets' ? status(403, 'Forbidden', 'no') : undefined;
    };
    expect(await remove()).toEqual([]);
    expect(removed).toEqual(['Deployment shop/orders-dapr-proxy']);
  });

  it('looks again, for what a controller has made meanwhile', async () => {
    const { server, removed, remove } = await startWorld();
    server.put('services', 'shop', 'orders-dapr-proxy', keptObject());
    let lists = 0;
    server.intercept = ({ verb, plural }) => {
      if (verb !== 'list' || plural !== 'services') return undefined;
      lists += 1;
      if (lists === 2) server.put('services', 'shop', 'orders-dapr-proxy', keptObject());
      return undefined;
    };
    expect(await remove()).toEqual([]);
    expect(removed).toHaveLength(2);
    expect(server.names('services')).toEqual([]);
  });

  it('gives up where a controller goes on, and says so', async () => {
    const { server, remove } = await startWorld();
    server.intercept = ({ verb, plural }) => {
      if (verb === 'list' && plural === 'services') {
        server.put('services', 'shop', 'orders-dapr-proxy', keptObject());
      }
      return undefined;
    };
    expect(await remove()).toEqual([expect.stringContaining('a controller makes them anew')]);
  });

  it('removes what it can, and says what it may not', async () => {
    const { server, removed, remove } = await startWorld();
    server.put('deployments', 'shop', 'orders-dapr-proxy', keptObject());
    server.put('services', 'shop', 'orders-dapr-proxy', keptObject());
    server.intercept = ({ verb, plural }) => {
      const refused = verb === 'list' && plural === 'services';
      return refused ? status(403, 'Forbidden', 'services is forbidden') : undefined;
    };
    expect(await remove()).toEqual([
      expect.stringContaining('a ClusterRole has to grant "list" on "services"'),
    ]);
    expect(removed).toEqual(['Deployment shop/orders-dapr-proxy']);
  });

  it('ends when it is told to', async () => {
    const { server, remove } = await startWorld();
    server.intercept = () => 'hang';
    const stop = new AbortController();
    const ended = remove(stop.signal);
    stop.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
  });
});

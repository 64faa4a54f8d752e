import { describe, expect, it } from 'vitest';
import type { FunctionModel } from '../../src/api/function.ts';
import type { JsonObject } from '../../src/api/json.ts';
import type { ObjectWrite } from '../../src/controller/execute-plan.ts';
import { FunctionReconciler } from '../../src/controller/reconcile-function.ts';
import { freeWrites } from '../../src/controller/repair-guard.ts';
import type { EffectiveMode } from '../../src/rules/effective-mode.ts';
import { proxySettings } from '../support/desired.ts';
import { asyncServing, functionInMode, modes } from '../support/functions.ts';
import { objectAt, pick, wireCopy } from '../support/json.ts';
import { observedPod } from '../support/observed.ts';
import { FakeCluster, type FakeRequest } from './fake-cluster.ts';
import { titlesOf, toldEvents } from './told-events.ts';

const tokensOn = { 'baas.openfunction.io/api-token': 'true' };
const deployment = 'Deployment/orders-dapr-proxy';
const service = 'Service/orders-dapr-proxy';

/** An async Function in a mode, as an API server has it. */
function ordersIn(mode: EffectiveMode, annotations: JsonObject = {}, uid = 'u-1'): FunctionModel {
  return functionInMode(mode, {
    annotations,
    serving: asyncServing('v1beta1'),
    metadata: { uid },
  });
}

/** What is kept for it in standalone mode, in the order in which it is made. */
const proxyParts = [
  'Component/orders-kafka',
  'Service/orders-dapr-proxy',
  'Service/orders-events',
  'NetworkPolicy/orders-dapr-proxy',
  'Deployment/orders-dapr-proxy',
];

/** A cluster with one Function, and a process that reconciles it. */
function world(fn: FunctionModel = ordersIn('standalone'), cluster = new FakeCluster()) {
  cluster.putFunction(fn);
  const clock = { nowMs: 1_000_000 };
  const stop = new AbortController();
  const { recorder, written } = toldEvents();
  const log: ObjectWrite[] = [];
  let tokens = 0;
  const reconciler = new FunctionReconciler({
    view: cluster,
    writer: cluster,
    events: recorder,
    settings: proxySettings,
    newTokenBase64: () => {
      tokens += 1;
      return Buffer.from(`token-${tokens}`).toString('base64');
    },
    now: () => clock.nowMs,
    onWrite: (write) => log.push(write),
  });
  return {
    ...{ cluster, clock, stop, log, reconciler },
    reconcile: () => reconciler.reconcile('shop', 'orders', stop.signal),
    /** Events since this was asked last. */
    told: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return written.splice(0);
    },
  };
}

type World = ReturnType<typeof world>;

async function titlesTold({ told }: World): Promise<string[]> {
  return titlesOf(await told());
}

/** What somebody else has under a name. */
function stranger(kind: string, name: string): JsonObject {
  const apiVersion = { Deployment: 'apps/v1', NetworkPolicy: 'networking.k8s.io/v1' }[kind] ?? 'v1';
  return {
    apiVersion,
    kind,
    metadata: { name, labels: { app: 'theirs' } },
    spec: { own: 'words' },
  };
}

/** Rejects certain requests, as an API server in trouble does. */
function refusing(matches: (request: FakeRequest) => boolean, message = 'refused') {
  return (request: FakeRequest): void => {
    if (matches(request)) throw new Error(`${message}: ${request.kind} ${request.name}`);
  };
}

describe('a Function that is new', () => {
  it('has everything made in order, told once, and nothing more after that', async () => {
    const one = world();
    expect(await one.reconcile()).toEqual({});
    expect(one.cluster.takeWrites()).toEqual(proxyParts.map((title) => `apply ${title}`));
    expect(await titlesTold(one)).toEqual(['ProxyCreated']);
    for (let round = 0; round < 5; round += 1) expect(await one.reconcile()).toEqual({});
    expect(one.cluster.takeWrites()).toEqual([]);
    expect(await titlesTold(one)).toEqual([]);
  });

  it('has every write logged with its reason', async () => {
    const one = world();
    await one.reconcile();
    expect(one.log).toContainEqual({
      ...{ verb: 'apply', kind: 'Deployment', namespace: 'shop', name: 'orders-dapr-proxy' },
      reason: 'it is not there',
    });
    expect(one.log).toHaveLength(proxyParts.length);
  });

  it('has a token made once, of its own, which no later reconcile changes', async () => {
    const one = world(ordersIn('standalone', tokensOn));
    await one.reconcile();
    const token = () => pick(one.cluster.object('Secret/orders-dapr-proxy'), 'data', 'token');
    expect(token()).toBe(Buffer.from('token-1').toString('base64'));
    for (let round = 0; round < 3; round += 1) await one.reconcile();
    expect(token()).toBe(Buffer.from('token-1').toString('base64'));
    one.cluster.remove('Secret/orders-dapr-proxy');
    await one.reconcile();
    expect(token()).not.toBe(Buffer.from('token-1').toString('base64'));
  });

  it('has nothing made while no API server has stored it', async () => {
    const one = world(functionInMode('standalone'));
    expect(await one.reconcile()).toEqual({});
    expect(one.cluster.writes).toEqual([]);
  });

  it('has nothing made when it is gone already, or going', async () => {
    const gone = world();
    gone.cluster.removeFunction('orders');
    expect(await gone.reconcile()).toEqual({});
    expect(gone.cluster.writes).toEqual([]);
    for (const mode of modes) {
      const going = world({ ...ordersIn(mode), isDeleting: true });
      const requests: FakeRequest[] = [];
      going.cluster.beforeRequest = (request) => requests.push(request);
      expect(await going.reconcile()).toEqual({});
      expect(requests).toEqual([]);
    }
  });
});

describe('an object of a wanted name that somebody else has', () => {
  it('is not touched, and is told; the rest is made', async () => {
    for (const title of proxyParts) {
      const [kind = '', name = ''] = title.split('/');
      const one = world();
      one.cluster.put(stranger(kind, name));
      const before = one.cluster.object(title);
      await one.reconcile();
      expect(one.cluster.object(title)).toEqual(before);
      expect(one.cluster.titles()).toEqual([...proxyParts].sort());
      const events = await one.told();
      const [taken] = events.filter(({ notice }) => notice.reason === 'NameTaken');
      expect(taken?.notice).toMatchObject({ type: 'Warning' });
      expect(taken?.notice.note).toContain(`${kind} "${name}"`);
    }
  });

  it('is told once, looked at again in half a minute, and replaced when the name is free', async () => {
    const one = world();
    one.cluster.put(stranger('Service', 'orders-dapr-proxy'));
    for (let round = 0; round < 3; round += 1) {
      expect(await one.reconcile()).toEqual({ requeueAfterMs: 30_000 });
    }
    expect(await titlesTold(one)).toEqual(['ProxyCreated', 'NameTaken']);
    one.cluster.remove(service);
    one.cluster.takeWrites();
    expect(await one.reconcile()).toEqual({});
    expect(one.cluster.takeWrites()).toEqual([`apply ${service}`]);
    expect(await titlesTold(one)).toEqual([]);
  });

  it('is left alone even where it bears all our labels', async () => {
    const one = world();
    const labels = { 'baas.openfunction.io/proxy': 'orders', 'openfunction.io/managed': 'true' };
    one.cluster.put({
      ...stranger('Service', 'orders-dapr-proxy'),
      metadata: { name: 'orders-dapr-proxy', labels },
    });
    const before = one.cluster.object(service);
    expect(await one.reconcile()).toEqual({ requeueAfterMs: 30_000 });
    expect(one.cluster.object(service)).toEqual(before);
    expect(await titlesTold(one)).toContain('NameTaken');
  });

  it('is a Secret: it is not written, nor read but for whose it is', async () => {
    const one = world(ordersIn('standalone', tokensOn));
    one.cluster.put(stranger('Secret', 'orders-dapr-proxy'));
    const requests: FakeRequest[] = [];
    one.cluster.beforeRequest = (request) => requests.push(request);
    const before = one.cluster.object('Secret/orders-dapr-proxy');
    expect(await one.reconcile()).toEqual({ requeueAfterMs: 30_000 });
    expect(one.cluster.object('Secret/orders-dapr-proxy')).toEqual(before);
    const asked = requests.filter(({ kind }) => kind === 'Secret');
    expect(asked.map(({ verb }) => verb)).toEqual(['find']);
    expect(await titlesTold(one)).toContain('NameTaken');
  });

  it('is none where a Secret turns out to be ours, of which no watch had told yet', async () => {
    const one = world(ordersIn('standalone', tokensOn));
    await one.reconcile();
    const secret = one.cluster.object('Secret/orders-dapr-proxy') ?? {};
    await one.told();
    one.cluster.remove('Secret/orders-dapr-proxy');
    one.cluster.fallBehind();
    one.cluster.put(secret);
    expect(await one.reconcile()).toEqual({ requeueAfterMs: 30_000 });
    one.cluster.catchUp();
    expect(await one.reconcile()).toEqual({});
    expect(await titlesTold(one)).toEqual([]);
    expect(one.cluster.object('Secret/orders-dapr-proxy')).toEqual(secret);
  });

  it('is none where somebody took our label from the Secret: it is used as it is', async () => {
    const secret = 'Secret/orders-dapr-proxy';
    const one = world(ordersIn('standalone', tokensOn));
    await one.reconcile();
    await one.told();
    one.cluster.edit(secret, ['metadata', 'labels', 'baas.openfunction.io/proxy'], undefined);
    const before = one.cluster.object(secret);
    for (let round = 0; round < 3; round += 1) {
      expect(await one.reconcile()).toEqual({ requeueAfterMs: 30_000 });
    }
    expect(one.cluster.object(secret)).toEqual(before);
    expect(await titlesTold(one)).toEqual([]);
    one.cluster.remove(secret);
    expect(await one.reconcile()).toEqual({});
    expect(one.cluster.object(secret)).toBeDefined();
  });

  it('and is a Secret that came at the very moment of making ours is not changed either', async () => {
    const secret = 'Secret/orders-dapr-proxy';
    const one = world(ordersIn('standalone', tokensOn));
    one.cluster.beforeRequest = ({ verb, kind }) => {
      if (verb !== 'create' || kind !== 'Secret') return;
      one.cluster.beforeRequest = () => undefined;
      one.cluster.put(stranger('Secret', 'orders-dapr-proxy'));
    };
    expect(await one.reconcile()).toEqual({ requeueAfterMs: 1_000 });
    const before = one.cluster.object(secret);
    expect(await titlesTold(one)).not.toContain('NameTaken');
    expect(await one.reconcile()).toEqual({ requeueAfterMs: 30_000 });
    expect(one.cluster.object(secret)).toEqual(before);
    expect(await titlesTold(one)).toContain('NameTaken');
  });

  it('and that came at the very moment of making ours is not changed either', async () => {
    const one = world();
    one.cluster.beforeRequest = ({ verb, name, kind }) => {
      if (verb !== 'apply' || `${kind}/${name}` !== deployment) return;
      one.cluster.beforeRequest = () => undefined;
      const theirs = stranger('Deployment', 'orders-dapr-proxy');
      one.cluster.put({ ...theirs, spec: { replicas: 7, selector: { matchLabels: { a: 'b' } } } });
    };
    await expect(one.reconcile()).rejects.toThrow('conflict');
    expect(pick(one.cluster.object(deployment), 'spec', 'replicas')).toBe(7);
    expect(pick(one.cluster.object(deployment), 'metadata', 'ownerReferences')).toBeUndefined();
  });

  it('and that came in place of ours before the watch told is not changed either', async () => {
    const one = world();
    await one.reconcile();
    one.cluster.edit(service, ['spec', 'type'], 'NodePort');
    one.cluster.edit(service, ['spec', 'ports'], []);
    one.cluster.fallBehind();
    one.cluster.remove(service);
    one.cluster.put(stranger('Service', 'orders-dapr-proxy'));
    const before = one.cluster.object(service);
    await expect(one.reconcile()).rejects.toThrow('uid');
    expect(one.cluster.object(service)).toEqual(before);
    one.cluster.catchUp();
    await one.reconcile();
    expect(one.cluster.object(service)).toEqual(before);
    expect(await titlesTold(one)).toContain('NameTaken');
  });

  it('and that took the name of ours is not deleted when ours is no longer wanted', async () => {
    const one = world();
    await one.reconcile();
    one.cluster.fallBehind();
    one.cluster.remove(service);
    one.cluster.put(stranger('Service', 'orders-dapr-proxy'));
    one.cluster.putFunction(ordersIn('disabled'));
    await one.reconcile();
    expect(one.cluster.titles()).toEqual([service]);
  });
});

describe('an object that is on its way out', () => {
  it('is waited for without a word', async () => {
    const one = world();
    one.cluster.put(stranger('Service', 'orders-dapr-proxy'));
    one.cluster.remove(service, true);
    expect(await one.reconcile()).toEqual({ requeueAfterMs: 5_000 });
    expect(await titlesTold(one)).not.toContain('NameTaken');
    one.cluster.remove(service);
    expect(await one.reconcile()).toEqual({});
    expect(one.cluster.titles()).toEqual([...proxyParts].sort());
  });

  it('with its Function is waited for as well, also where nobody sees whose it was', async () => {
    const one = world();
    await one.reconcile();
    one.cluster.edit(service, ['metadata', 'labels', 'baas.openfunction.io/proxy'], undefined);
    one.cluster.putFunction(ordersIn('standalone', {}, 'u-2'));
    one.cluster.takeWrites();
    expect(await one.reconcile()).toEqual({ requeueAfterMs: 5_000 });
    expect(one.cluster.takeWrites()).toEqual([]);
    expect(await titlesTold(one)).not.toContain('NameTaken');
  });

  it('is looked at first where another name is taken for longer', async () => {
    for (const [leaving, taken] of [
      ['orders-dapr-proxy', 'orders-events'],
      ['orders-events', 'orders-dapr-proxy'],
    ] as const) {
      const one = world();
      one.cluster.put(stranger('Service', taken));
      one.cluster.put(stranger('Service', leaving));
      one.cluster.remove(`Service/${leaving}`, true);
      expect(await one.reconcile()).toEqual({ requeueAfterMs: 5_000 });
    }
  });

  it('of ours comes back when it is gone', async () => {
    const one = world();
    await one.reconcile();
    one.cluster.takeWrites();
    one.cluster.remove(service, true);
    await one.reconcile();
    expect(one.cluster.takeWrites()).toEqual([]);
    one.cluster.remove(service);
    await one.reconcile();
    expect(one.cluster.takeWrites()).toEqual([`apply ${service}`]);
  });
});

describe('a write that fails', () => {
  it('does not keep the others from being written, and the error names it', async () => {
    for (const title of proxyParts) {
      const one = world();
      one.cluster.beforeRequest = refusing(
        ({ verb, kind, name }) => verb === 'apply' && `${kind}/${name}` === title,
        'quota',
      );
      const [kind, name] = title.split('/');
      await expect(one.reconcile()).rejects.toThrow(`quota: ${kind} ${name}`);
      expect(one.cluster.titles()).toEqual(proxyParts.filter((part) => part !== title).sort());
      one.cluster.beforeRequest = () => undefined;
      expect(await one.reconcile()).toEqual({});
      expect(one.cluster.titles()).toEqual([...proxyParts].sort());
    }
  });

  it('is told with all others that failed', async () => {
    const one = world();
    one.cluster.beforeRequest = refusing(({ kind }) => kind === 'Service');
    const error = await one.reconcile().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors).toHaveLength(2);
    expect((error as AggregateError).message).toBe(
      'refused: Service orders-dapr-proxy; refused: Service orders-events',
    );
  });

  it('takes back nothing that was told: what held is not told again after it', async () => {
    const one = world();
    one.cluster.put(stranger('Service', 'orders-dapr-proxy'));
    await one.reconcile();
    expect(await titlesTold(one)).toEqual(['ProxyCreated', 'NameTaken']);
    one.cluster.beforeRequest = refusing(({ verb }) => verb === 'find');
    await expect(one.reconcile()).rejects.toThrow('refused');
    one.cluster.beforeRequest = () => undefined;
    await one.reconcile();
    expect(await titlesTold(one)).toEqual([]);
  });

  it('of a deletion is tried again', async () => {
    const one = world();
    await one.reconcile();
    one.cluster.putFunction(ordersIn('disabled'));
    one.cluster.beforeRequest = refusing(({ kind }) => kind === 'Deployment');
    await expect(one.reconcile()).rejects.toThrow('Deployment');
    expect(one.cluster.titles()).toEqual([deployment]);
    expect(await titlesTold(one)).not.toContain('ProxyRemoved');
    one.cluster.beforeRequest = () => undefined;
    await one.reconcile();
    expect(one.cluster.titles()).toEqual([]);
    expect(await titlesTold(one)).toEqual(['ProxyRemoved']);
  });
});

describe('a reconcile that is aborted', () => {
  it('writes nothing more, and says why it ended', async () => {
    for (const last of proxyParts.keys()) {
      const one = world();
      let applied = 0;
      one.cluster.beforeRequest = ({ verb }) => {
        if (verb !== 'apply') return;
        if (applied === last) one.stop.abort(new Error('the Lease is lost'));
        applied += 1;
      };
      await expect(one.reconcile()).rejects.toThrow('the Lease is lost');
      expect(one.cluster.writes).toHaveLength(last);
      expect(await titlesTold(one)).toEqual([]);
    }
  });

  it('writes nothing more even where a request that is under way succeeds or fails all the same', async () => {
    for (const answer of ['succeeds', 'fails']) {
      const one = world();
      one.cluster.heedsSignals = false;
      one.cluster.beforeRequest = ({ verb, kind }) => {
        if (verb !== 'apply' || kind !== 'Service') return;
        one.stop.abort(new Error('the Lease is lost'));
        if (answer === 'fails') throw new Error('the connection is closed');
      };
      await expect(one.reconcile()).rejects.toThrow('the Lease is lost');
      expect(one.cluster.writes).toHaveLength(answer === 'fails' ? 1 : 2);
      expect(await titlesTold(one)).toEqual([]);
    }
  });

  it('does not even begin to write', async () => {
    const one = world();
    one.stop.abort(new Error('the Lease is lost'));
    await expect(one.reconcile()).rejects.toThrow('the Lease is lost');
    expect(one.cluster.writes).toEqual([]);
  });

  it('writes nothing either when it is aborted while it still looks', async () => {
    const one = world(ordersIn('sidecar'));
    one.cluster.beforeRequest = ({ verb }) => {
      if (verb === 'list workloads') one.stop.abort(new Error('the Lease is lost'));
    };
    await expect(one.reconcile()).rejects.toThrow('the Lease is lost');
    expect(one.cluster.writes).toEqual([]);
  });
});

describe('an object that somebody changed', () => {
  it('is put back, and what they added to it stays', async () => {
    const one = world();
    await one.reconcile();
    const before = one.cluster.object(deployment);
    one.cluster.takeWrites();
    one.cluster.edit(deployment, ['spec', 'replicas'], 9);
    one.cluster.edit(deployment, ['metadata', 'labels', 'team'], 'shop');
    await one.reconcile();
    expect(one.cluster.takeWrites()).toEqual([`apply ${deployment}`]);
    const after = one.cluster.object(deployment);
    expect(pick(after, 'spec')).toEqual(pick(before, 'spec'));
    expect(pick(after, 'metadata', 'uid')).toBe(pick(before, 'metadata', 'uid'));
    expect(pick(after, 'metadata', 'labels', 'team')).toBe('shop');
    expect(await titlesTold(one)).toEqual(['ProxyCreated']);
  });

  it('only by adding to it is not written', async () => {
    const one = world();
    await one.reconcile();
    one.cluster.takeWrites();
    one.cluster.edit(service, ['metadata', 'annotations', 'note'], 'mine');
    one.cluster.edit(service, ['spec', 'type'], 'ClusterIP');
    await one.reconcile();
    expect(one.cluster.takeWrites()).toEqual([]);
  });

  it('so that it bears our label no more is put back in place, and no proxy is told to be new', async () => {
    const one = world();
    await one.reconcile();
    await one.told();
    const uid = pick(one.cluster.object(deployment), 'metadata', 'uid');
    one.cluster.takeWrites();
    one.cluster.edit(deployment, ['metadata', 'labels', 'baas.openfunction.io/proxy'], undefined);
    await one.reconcile();
    expect(one.cluster.takeWrites()).toEqual([`apply ${deployment}`]);
    expect(pick(one.cluster.object(deployment), 'metadata')).toMatchObject({
      uid,
      labels: { 'baas.openfunction.io/proxy': 'orders' },
    });
    expect(await titlesTold(one)).toEqual([]);
  });
});

describe('an object whose owner somebody took away', () => {
  const withoutOwner = (one: World, title: string): void =>
    one.cluster.edit(title, ['metadata', 'ownerReferences'], undefined);

  it('is put back in place, so that it goes with its Function again', async () => {
    const one = world();
    await one.reconcile();
    await one.told();
    const owners = proxyParts.map((title) =>
      pick(one.cluster.object(title), 'metadata', 'ownerReferences'),
    );
    one.cluster.takeWrites();
    for (const title of proxyParts) withoutOwner(one, title);
    expect(await one.reconcile()).toEqual({});
    expect(one.cluster.takeWrites()).toEqual(proxyParts.map((title) => `apply ${title}`));
    expect(
      proxyParts.map((title) => pick(one.cluster.object(title), 'metadata', 'ownerReferences')),
    ).toEqual(owners);
    expect(await titlesTold(one)).toEqual([]);
  });

  it('is put back also where its label went with it', async () => {
    const one = world();
    await one.reconcile();
    withoutOwner(one, deployment);
    one.cluster.edit(deployment, ['metadata', 'labels', 'baas.openfunction.io/proxy'], undefined);
    const uid = pick(one.cluster.object(deployment), 'metadata', 'uid');
    await one.reconcile();
    expect(one.cluster.object(deployment)).toMatchObject({
      metadata: { uid, ownerReferences: [{ uid: 'u-1' }] },
    });
  });

  it('is taken over from an earlier Function that was deleted without it', async () => {
    const one = world();
    await one.reconcile();
    one.cluster.removeFunction('orders');
    await one.reconcile();
    for (const title of proxyParts) withoutOwner(one, title);
    const uid = pick(one.cluster.object(deployment), 'metadata', 'uid');
    one.cluster.putFunction(ordersIn('standalone', {}, 'u-2'));
    await one.reconcile();
    expect(one.cluster.object(deployment)).toMatchObject({
      metadata: { uid, ownerReferences: [{ uid: 'u-2' }] },
    });
    expect(await titlesTold(one)).not.toContain('NameTaken');
  });
});

describe('an argument over an object', () => {
  const ways: [string, (cluster: FakeCluster, round: number) => void][] = [
    ['changes it', (cluster, round) => cluster.edit(deployment, ['spec', 'replicas'], 10 + round)],
    [
      'takes the label away by which it is seen',
      (cluster) =>
        cluster.edit(deployment, ['metadata', 'labels', 'baas.openfunction.io/proxy'], undefined),
    ],
    ['deletes it', (cluster) => cluster.remove(deployment)],
  ];

  it.each(ways)(
    'with somebody who %s each time is had ever less often, and told once',
    async (_, spoil) => {
      const one = world();
      await one.reconcile();
      const pausesMs: number[] = [];
      for (let round = 0; round < freeWrites + 15; round += 1) {
        one.cluster.takeWrites();
        spoil(one.cluster, round);
        const { requeueAfterMs } = await one.reconcile();
        pausesMs.push(requeueAfterMs ?? 0);
        if (requeueAfterMs === undefined) continue;
        expect(one.cluster.takeWrites()).toEqual([]);
        one.clock.nowMs += requeueAfterMs - 1;
        expect(await one.reconcile()).toEqual({ requeueAfterMs: 1 });
        expect(one.cluster.takeWrites()).toEqual([]);
        one.clock.nowMs += 1;
        await one.reconcile();
        expect(one.cluster.takeWrites()).toEqual([`apply ${deployment}`]);
      }
      // To make it was the first.
      const atOnce = freeWrites - 1;
      expect(pausesMs.slice(0, atOnce)).toEqual(Array(atOnce).fill(0));
      expect(pausesMs.slice(atOnce, atOnce + 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
      expect(pausesMs).toEqual(pausesMs.toSorted((left, right) => left - right));
      expect(pausesMs.at(-1)).toBe(300_000);
      const said = await titlesTold(one);
      expect(said.filter((title) => title.startsWith('ChangedByOthers'))).toEqual([
        'ChangedByOthers',
      ]);
    },
  );

  it('over one object leaves the others alone', async () => {
    const one = world();
    await one.reconcile();
    for (let round = 0; round < freeWrites + 2; round += 1) {
      one.cluster.edit(deployment, ['spec', 'replicas'], 10 + round);
      await one.reconcile();
    }
    one.cluster.takeWrites();
    one.cluster.edit(service, ['spec', 'ports'], []);
    await one.reconcile();
    expect(one.cluster.takeWrites()).toEqual([`apply ${service}`]);
  });

  it('is over when something else is wanted', async () => {
    const one = world();
    await one.reconcile();
    for (let round = 0; round < freeWrites + 2; round += 1) {
      one.cluster.edit(deployment, ['spec', 'replicas'], 10 + round);
      await one.reconcile();
    }
    one.cluster.takeWrites();
    one.cluster.putFunction(ordersIn('standalone', { 'dapr.io/log-level': 'debug' }));
    expect(await one.reconcile()).toEqual({});
    expect(one.cluster.takeWrites()).toEqual([`apply ${deployment}`]);
  });

  it('is over when they let it be for a while, and a later one is told as another time', async () => {
    const one = world();
    const argue = async () => {
      for (let round = 0; round < freeWrites + 2; round += 1) {
        one.cluster.edit(deployment, ['spec', 'replicas'], 10 + round);
        await one.reconcile();
      }
    };
    await one.reconcile();
    await argue();
    // Quiet for a minute is not the end of it.
    one.clock.nowMs += 60_000;
    await one.reconcile();
    await one.reconcile();
    await argue();
    one.clock.nowMs += 60_000;
    await one.reconcile();
    one.clock.nowMs += 10 * 60_000;
    await one.reconcile();
    expect(await titlesTold(one)).toEqual(['ProxyCreated', 'ChangedByOthers']);
    await argue();
    expect(await titlesTold(one)).toEqual(['ChangedByOthers x2']);
  });

  it('over the token Secret is had less often as well, although each token is another one', async () => {
    const one = world(ordersIn('standalone', tokensOn));
    await one.reconcile();
    const pauses: (number | undefined)[] = [];
    for (let round = 0; round < freeWrites; round += 1) {
      one.cluster.remove('Secret/orders-dapr-proxy');
      pauses.push((await one.reconcile()).requeueAfterMs);
    }
    expect(pauses).toEqual([...Array(freeWrites - 1).fill(undefined), 1_000]);
  });

  it('is none where a user turns Dapr on and off', async () => {
    const one = world();
    for (let round = 0; round < 24; round += 1) {
      one.cluster.putFunction(ordersIn(round % 2 === 0 ? 'standalone' : 'disabled'));
      expect(await one.reconcile()).toEqual({});
    }
    expect(await titlesTold(one)).not.toContain('ChangedByOthers');
  });
});

describe('an API server that stores something else than it is given', () => {
  /** What a mutating webhook makes of Deployments. */
  const mirrored = (object: JsonObject): JsonObject => {
    if (object['kind'] !== 'Deployment') return object;
    const copy = wireCopy(object);
    objectAt(copy, 'spec')['replicas'] = 3;
    delete objectAt(copy, 'spec', 'template', 'spec')['enableServiceLinks'];
    return copy;
  };

  it('is not written to again and again', async () => {
    const one = world();
    one.cluster.admit = mirrored;
    await one.reconcile();
    one.cluster.takeWrites();
    for (let round = 0; round < 10; round += 1) expect(await one.reconcile()).toEqual({});
    expect(one.cluster.takeWrites()).toEqual([]);
    expect(await titlesTold(one)).toEqual(['ProxyCreated']);
  });

  it('is not written to again even where it makes something else each time', async () => {
    const one = world();
    let count = 3;
    one.cluster.admit = (object) => {
      const made = mirrored(object);
      if (made !== object) objectAt(made, 'spec')['replicas'] = count++;
      return made;
    };
    await one.reconcile();
    one.cluster.takeWrites();
    for (let round = 0; round < 10; round += 1) await one.reconcile();
    expect(one.cluster.takeWrites()).toEqual([]);
  });

  it('has drift put back all the same', async () => {
    const one = world();
    one.cluster.admit = mirrored;
    await one.reconcile();
    one.cluster.takeWrites();
    one.cluster.edit(deployment, ['spec', 'replicas'], 7);
    await one.reconcile();
    expect(one.cluster.takeWrites()).toEqual([`apply ${deployment}`]);
    expect(pick(one.cluster.object(deployment), 'spec', 'replicas')).toBe(3);
    expect(await one.reconcile()).toEqual({});
    expect(one.cluster.takeWrites()).toEqual([]);
  });

  it('and then stores what it is given has drift put back to that, and not to what it made before', async () => {
    const one = world();
    one.cluster.admit = (object) => {
      const copy = wireCopy(object);
      if (object['kind'] === 'Deployment') objectAt(copy, 'spec')['replicas'] = 3;
      return copy;
    };
    await one.reconcile();
    one.cluster.admit = (object) => object;
    for (const replicas of [7, 3]) {
      one.cluster.edit(deployment, ['spec', 'replicas'], replicas);
      await one.reconcile();
      expect(pick(one.cluster.object(deployment), 'spec', 'replicas')).toBe(1);
    }
  });

  it('has new wishes written, once', async () => {
    const one = world();
    one.cluster.admit = mirrored;
    await one.reconcile();
    one.cluster.takeWrites();
    one.cluster.putFunction(ordersIn('standalone', { 'dapr.io/log-level': 'debug' }));
    for (let round = 0; round < 3; round += 1) await one.reconcile();
    expect(one.cluster.takeWrites()).toEqual([`apply ${deployment}`]);
  });

  it('has each object written once more by a process that takes over', async () => {
    const one = world();
    one.cluster.admit = mirrored;
    await one.reconcile();
    const next = world(ordersIn('standalone'), one.cluster);
    one.cluster.takeWrites();
    for (let round = 0; round < 3; round += 1) await next.reconcile();
    expect(one.cluster.takeWrites()).toEqual([`apply ${deployment}`]);
  });
});

describe('what a user is told', () => {
  it('is not repeated while it holds, and is counted when it comes again', async () => {
    const one = world();
    const missed = observedPod('missed', { mode: undefined });
    one.cluster.putPods(missed);
    for (let round = 0; round < 4; round += 1) await one.reconcile();
    one.cluster.putPods(observedPod('another', { mode: undefined }));
    await one.reconcile();
    expect(await titlesTold(one)).toEqual(['ProxyCreated', 'PodsNotAdmitted']);
    one.cluster.removePod('missed');
    one.cluster.removePod('another');
    await one.reconcile();
    one.cluster.putPods(missed);
    await one.reconcile();
    expect(await titlesTold(one)).toEqual(['PodsNotAdmitted x2']);
  });

  it('is the same from a process that takes over, so that it is not written twice', async () => {
    const cluster = new FakeCluster();
    cluster.put(stranger('Service', 'orders-dapr-proxy'));
    const one = world(ordersIn('standalone'), cluster);
    await one.reconcile();
    const next = world(ordersIn('standalone'), cluster);
    await next.reconcile();
    const identity = async ({ told }: World) =>
      (await told()).find(({ notice }) => notice.reason === 'NameTaken')?.identity;
    expect(await identity(next)).toBe(await identity(one));
  });
});

describe('a change of mode', () => {
  it('is told, with the proxy that comes and goes', async () => {
    const one = world(ordersIn('disabled'));
    await one.reconcile();
    expect(await titlesTold(one)).toEqual([]);
    one.cluster.putFunction(ordersIn('standalone'));
    await one.reconcile();
    expect(await titlesTold(one)).toEqual(['ModeChanged', 'ProxyCreated']);
    one.cluster.putFunction(ordersIn('sidecar'));
    await one.reconcile();
    expect(await titlesTold(one)).toEqual(['ModeChanged', 'ProxyRemoved']);
    one.cluster.putFunction(ordersIn('disabled'));
    await one.reconcile();
    expect(await titlesTold(one)).toEqual(['ModeChanged']);
    expect(one.cluster.titles()).toEqual([]);
  });

  it('is told by what is kept where this process never saw the Function before', async () => {
    const cluster = new FakeCluster();
    await world(ordersIn('standalone'), cluster).reconcile();
    const next = world(ordersIn('disabled'), cluster);
    await next.reconcile();
    const [changed] = await next.told();
    expect(changed?.notice.note).toContain('was in standalone mode and is without Dapr now');
  });

  it('is told once, however often the reconcile that acts on it fails', async () => {
    const one = world();
    await one.reconcile();
    await one.told();
    one.cluster.putFunction(ordersIn('disabled'));
    one.cluster.beforeRequest = refusing(({ verb }) => verb === 'delete');
    for (let round = 0; round < 3; round += 1) await expect(one.reconcile()).rejects.toThrow();
    expect(await titlesTold(one)).toEqual(['ModeChanged']);
  });

  it('leaves the proxy for the pods that use it, and removes it with the last of them', async () => {
    const one = world();
    one.cluster.putPods(observedPod('a'), observedPod('b'));
    await one.reconcile();
    await one.told();
    one.cluster.putFunction(ordersIn('disabled'));
    await one.reconcile();
    expect(one.cluster.titles()).toEqual([...proxyParts].sort());
    expect(await titlesTold(one)).toEqual(['ModeChanged', 'WaitingForPods']);
    one.cluster.removePod('a');
    await one.reconcile();
    expect(await titlesTold(one)).toEqual([]);
    one.cluster.removePod('b');
    await one.reconcile();
    expect(one.cluster.titles()).toEqual([]);
    expect(await titlesTold(one)).toEqual(['ProxyRemoved']);
  });
});

describe('a Function that goes from standalone to sidecar mode', () => {
  const wanted = ['Component/orders-kafka', 'Service/orders-shop-dapr'];

  it('has its Service made once the proxy is gone, for which Dapr made one of that name', async () => {
    const one = world();
    one.cluster.hasDapr = true;
    await one.reconcile();
    expect(one.cluster.titles()).toContain('Service/orders-shop-dapr');
    one.cluster.putFunction(ordersIn('sidecar'));
    // Nobody tells of what the controller deletes itself, so that it has to look again.
    const { requeueAfterMs } = await one.reconcile();
    expect(requeueAfterMs).toBe(5_000);
    one.cluster.collectGarbage();
    expect(await one.reconcile()).toEqual({});
    expect(one.cluster.titles()).toEqual(wanted);
    expect(
      pick(one.cluster.object('Service/orders-shop-dapr'), 'metadata', 'labels'),
    ).toMatchObject({ 'openfunction.io/managed': 'true' });
  });

  it('waits where the Service that Dapr made is still there, and calls no name taken', async () => {
    const one = world();
    one.cluster.hasDapr = true;
    await one.reconcile();
    one.cluster.putFunction(ordersIn('sidecar'));
    await one.reconcile();
    const before = one.cluster.object('Service/orders-shop-dapr');
    expect(await one.reconcile()).toEqual({ requeueAfterMs: 30_000 });
    expect(one.cluster.object('Service/orders-shop-dapr')).toEqual(before);
    expect(await titlesTold(one)).not.toContain('NameTaken');
    one.cluster.collectGarbage();
    await one.reconcile();
    expect(one.cluster.titles()).toEqual(wanted);
  });
});

describe('where the workloads of a namespace cannot be listed', () => {
  const failing = refusing(({ verb }) => verb === 'list workloads', 'Cannot list statefulsets');

  it('the Components of sidecar mode are made all the same, and the error is told', async () => {
    const one = world(ordersIn('sidecar'));
    one.cluster.beforeRequest = failing;
    await expect(one.reconcile()).rejects.toThrow('Cannot list statefulsets');
    expect(one.cluster.titles()).toEqual(['Component/orders-kafka']);
  });

  it('a Service that was made before stays, and is kept', async () => {
    const one = world(ordersIn('sidecar'));
    await one.reconcile();
    const before = one.cluster.object('Service/orders-shop-dapr');
    one.cluster.edit('Service/orders-shop-dapr', ['spec', 'ports'], []);
    one.cluster.beforeRequest = failing;
    await expect(one.reconcile()).rejects.toThrow('Cannot list statefulsets');
    expect(pick(one.cluster.object('Service/orders-shop-dapr'), 'spec')).toEqual(
      pick(before, 'spec'),
    );
  });

  it('none is made under another app-id either', async () => {
    const one = world(ordersIn('sidecar'));
    await one.reconcile();
    one.cluster.putFunction(ordersIn('sidecar', { 'dapr.io/app-id': 'shop' }));
    one.cluster.beforeRequest = failing;
    await expect(one.reconcile()).rejects.toThrow('Cannot list statefulsets');
    expect(one.cluster.titles()).not.toContain('Service/shop-dapr');
    one.cluster.beforeRequest = () => undefined;
    await one.reconcile();
    expect(one.cluster.titles()).toEqual(['Component/orders-kafka', 'Service/shop-dapr']);
  });

  it('a Function in another mode is none the worse', async () => {
    const one = world();
    one.cluster.beforeRequest = failing;
    expect(await one.reconcile()).toEqual({});
  });
});

describe('a Function that is made anew under its name', () => {
  it('gets objects of its own when those of the earlier one are gone', async () => {
    const one = world(ordersIn('standalone', tokensOn));
    await one.reconcile();
    const before = one.cluster.object(deployment);
    one.cluster.takeWrites();
    one.cluster.putFunction(ordersIn('standalone', tokensOn, 'u-2'));
    await one.reconcile();
    expect(one.cluster.takeWrites()).toEqual([]);
    expect(one.cluster.object(deployment)).toEqual(before);
    one.cluster.collectGarbage();
    expect(one.cluster.titles()).toEqual([]);
    await one.reconcile();
    expect(one.cluster.titles()).toHaveLength(proxyParts.length + 1);
    const owner = pick(one.cluster.object(deployment), 'metadata', 'ownerReferences', 0, 'uid');
    expect(owner).toBe('u-2');
  });

  it('is another one: neither its mode nor what was told of the earlier one is remembered', async () => {
    const one = world();
    one.cluster.putPods(observedPod('missed', { mode: undefined }));
    await one.reconcile();
    expect(await titlesTold(one)).toEqual(['ProxyCreated', 'PodsNotAdmitted']);
    one.cluster.putFunction(ordersIn('disabled', {}, 'u-2'));
    await one.reconcile();
    expect(await titlesTold(one)).toEqual(['PodsNotAdmitted']);
  });

  it('is remembered until it is gone, and not longer', async () => {
    const one = world();
    expect([...one.reconciler.known()]).toEqual([]);
    await one.reconcile();
    expect([...one.reconciler.known()]).toEqual([{ namespace: 'shop', name: 'orders' }]);
    one.cluster.removeFunction('orders');
    await one.reconcile();
    expect([...one.reconciler.known()]).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { FunctionModel } from '../../src/api/function.ts';
import { Controller, type Reconciled } from '../../src/controller/controller.ts';
import type { FunctionEvent } from '../../src/controller/function-event.ts';
import type { EffectiveMode } from '../../src/rules/effective-mode.ts';
import { proxySettings } from '../support/desired.ts';
import { asyncServing, functionInMode } from '../support/functions.ts';
import { observedPod } from '../support/observed.ts';
import { FakeCluster } from './fake-cluster.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const minuteMs = 60_000;

/** Lets a while pass, and everything happen that is due. */
async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

function functionCalled(name: string, mode: EffectiveMode = 'standalone'): FunctionModel {
  return functionInMode(mode, {
    name,
    serving: asyncServing('v1beta1'),
    metadata: { uid: `uid-of-${name}` },
  });
}

/** A cluster, and a controller that is woken by everything that changes in it. */
function world({ repairs = false, concurrency = 2 } = {}) {
  const cluster = new FakeCluster();
  const reconciled: Reconciled[] = [];
  const events: FunctionEvent[] = [];
  const evicted: string[] = [];
  const logged: string[] = [];
  const controller = new Controller({
    view: cluster,
    writer: cluster,
    writeEvent: async (event) => {
      events.push(event);
      return undefined;
    },
    settings: proxySettings,
    concurrency,
    newTokenBase64: () => 'dG9rZW4=',
    onWrite: ({ verb, kind, name }) => logged.push(`${verb} ${kind}/${name}`),
    onReconciled: (one) => reconciled.push(one),
    readFailure: ({ message }) => ({
      isOutage: message.includes('away'),
      isAway: message.includes('away'),
      requestedPauseMs: message.includes('busy') ? 30_000 : 0,
    }),
    repair: repairs
      ? {
          perMinute: 60,
          onError: () => undefined,
          requestedPauseMs: () => 0,
          evict: async ({ name }) => {
            evicted.push(name);
            return true;
          },
        }
      : undefined,
  });
  cluster.onChange = (namespace, name) => controller.wake(namespace, name);
  const stop = new AbortController();
  let run: Promise<void> = Promise.resolve();
  onTestFinished(() => stop.abort());
  return {
    ...{ cluster, controller, reconciled, evicted, logged },
    start: async () => {
      run = controller.run(stop.signal);
      await pass();
    },
    stop: async () => {
      stop.abort();
      await run;
    },
    told: () => events.splice(0).map(({ notice }) => notice.reason),
    toldNotes: () => events.splice(0).map(({ notice }) => `${notice.reason}: ${notice.note}`),
  };
}

const partsOfOrders = [
  'Component/orders-kafka',
  'Deployment/orders-dapr-proxy',
  'NetworkPolicy/orders-dapr-proxy',
  'Service/orders-dapr-proxy',
  'Service/orders-events',
];

describe('a controller', () => {
  it('does nothing before it runs, and then all there is to do', async () => {
    const { cluster, controller, start, logged, told } = world();
    cluster.putFunction(functionCalled('orders'));
    cluster.putFunction(functionCalled('stock', 'disabled'));
    await pass(minuteMs);
    expect(cluster.titles()).toEqual([]);
    expect(controller.queueDepth).toBe(2);
    await start();
    expect(cluster.titles()).toEqual(partsOfOrders);
    expect(logged.map((line) => line.replace('apply ', '')).sort()).toEqual(partsOfOrders);
    expect(told()).toEqual(['ProxyCreated']);
    expect(controller.queueDepth).toBe(0);
  });

  it('finds Functions that nobody woke it for', async () => {
    const { cluster, start } = world();
    cluster.onChange = () => undefined;
    cluster.putFunction(functionCalled('orders'));
    await start();
    expect(cluster.titles()).toEqual(partsOfOrders);
  });

  it('works on a Function whenever it is woken', async () => {
    const { cluster, start } = world();
    await start();
    cluster.putFunction(functionCalled('orders'));
    await pass();
    expect(cluster.titles()).toEqual(partsOfOrders);
    cluster.remove('Service/orders-events');
    await pass();
    expect(cluster.titles()).toEqual(partsOfOrders);
    cluster.putFunction(functionCalled('orders', 'disabled'));
    await pass();
    expect(cluster.titles()).toEqual([]);
  });

  it('looks once at a crowd of changes to the pods of a Function', async () => {
    const { cluster, controller, start, reconciled } = world();
    cluster.onChange = () => undefined;
    cluster.putFunction(functionCalled('orders'));
    await start();
    reconciled.length = 0;
    for (let change = 0; change < 10; change += 1) {
      controller.wakeSoon('demo', 'orders');
      await pass(10);
    }
    expect(reconciled).toEqual([]);
    await pass(1_000);
    expect(reconciled.map(({ name }) => name)).toEqual(['orders']);
  });

  it('does not let changes of pods hold up what else changed', async () => {
    const { cluster, controller, start } = world();
    cluster.onChange = () => undefined;
    cluster.putFunction(functionCalled('orders'));
    await start();
    controller.wakeSoon('demo', 'orders');
    cluster.remove('Service/orders-events');
    controller.wake('demo', 'orders');
    await pass();
    expect(cluster.titles()).toEqual(partsOfOrders);
  });

  it('writes nothing while nothing changes, however often it is woken', async () => {
    const { cluster, controller, start } = world();
    cluster.putFunction(functionCalled('orders'));
    await start();
    cluster.takeWrites();
    for (let round = 0; round < 10; round += 1) {
      controller.wakeAll();
      await pass(minuteMs);
    }
    expect(cluster.takeWrites()).toEqual([]);
  });

  it('tells after each reconcile how it ended', async () => {
    const { cluster, reconciled, start } = world();
    cluster.putFunction(functionCalled('orders'));
    await start();
    expect(reconciled).toEqual([
      { namespace: 'shop', name: 'orders', seconds: 0, error: undefined, failures: 0 },
    ]);
  });

  it('looks by itself at a name that is taken, until it is free', async () => {
    const { cluster, start, told } = world();
    const metadata = { name: 'orders-events' };
    cluster.put({ apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'ClusterIP' } });
    cluster.putFunction(functionCalled('orders'));
    await start();
    await pass(5 * minuteMs);
    expect(told()).toEqual(['ProxyCreated', 'NameTaken']);
    cluster.remove('Service/orders-events');
    await pass(30_000);
    expect(cluster.titles()).toEqual(partsOfOrders);
  });

  it("makes the Service of sidecar mode after the proxy's pods are gone, though nobody wakes it", async () => {
    const { cluster, start } = world();
    cluster.hasDapr = true;
    cluster.putFunction(functionCalled('orders'));
    cluster.putPods(observedPod('a'));
    await start();
    cluster.putFunction(functionCalled('orders', 'sidecar'));
    await pass(minuteMs);
    expect(cluster.titles()).toContain('Deployment/orders-dapr-proxy');
    cluster.removePod('a');
    await pass();
    expect(cluster.titles()).not.toContain('Deployment/orders-dapr-proxy');
    cluster.onChange = () => undefined;
    cluster.collectGarbage();
    await pass(10_000);
    expect(cluster.titles()).toEqual(['Component/orders-kafka', 'Service/orders-shop-dapr']);
  });

  it('forgets a Function that went while nobody watched', async () => {
    const { cluster, controller, reconciled, start } = world();
    cluster.putFunction(functionCalled('orders'));
    await start();
    cluster.onChange = () => undefined;
    cluster.removeFunction('orders');
    controller.wakeAll();
    await pass();
    expect(reconciled).toHaveLength(2);
    controller.wakeAll();
    await pass();
    expect(reconciled).toHaveLength(2);
  });
});

describe('a reconcile that fails', () => {
  it('is tried again until it succeeds, and its user is told when it lasts', async () => {
    const { cluster, reconciled, start, toldNotes } = world();
    cluster.putFunction(functionCalled('orders'));
    cluster.beforeRequest = ({ verb, kind }) => {
      if (verb === 'apply' && kind === 'Deployment') throw new Error('exceeded quota: proxies');
    };
    await start();
    while (reconciled.length < 7) await pass(10);
    expect(toldNotes()).toEqual([]);
    await pass(10 * minuteMs);
    expect(toldNotes()).toEqual(['ReconcileFailed: exceeded quota: proxies']);
    expect(reconciled.map(({ failures }) => failures)).toEqual(
      reconciled.map((_, index) => index + 1),
    );
    expect(reconciled.every(({ error }) => error?.message === 'exceeded quota: proxies')).toBe(
      true,
    );
    cluster.beforeRequest = () => undefined;
    await pass(20 * minuteMs);
    expect(cluster.titles()).toEqual(partsOfOrders);
    expect(reconciled.at(-1)).toMatchObject({ error: undefined, failures: 0 });
  });

  it('waits no longer once the API server that was away has answered for another', async () => {
    const { cluster, controller, reconciled, start } = world();
    for (const name of ['orders', 'mails', 'bills']) cluster.putFunction(functionCalled(name));
    cluster.beforeRequest = () => {
      throw new Error('away');
    };
    await start();
    await pass(10 * minuteMs);
    cluster.beforeRequest = () => undefined;
    const before = reconciled.length;
    controller.wake('shop', 'orders');
    await pass(100);
    const after = reconciled.slice(before).filter(({ error }) => error === undefined);
    expect(new Set(after.map(({ name }) => name))).toEqual(new Set(['orders', 'mails', 'bills']));
  });

  it('because the API server is away is tried every few seconds, though nobody tells that it is back', async () => {
    const { cluster, reconciled, start } = world();
    cluster.putFunction(functionCalled('orders'));
    cluster.beforeRequest = () => {
      throw new Error('away');
    };
    await start();
    await pass(30 * minuteMs);
    const before = reconciled.length;
    await pass(minuteMs);
    expect(reconciled.length - before).toBe(12);
    cluster.beforeRequest = () => undefined;
    await pass(5_000);
    expect(cluster.titles()).toEqual(partsOfOrders);
  });

  it('because the API server is busy is not tried before the time that it asks for', async () => {
    const { cluster, reconciled, start } = world();
    cluster.putFunction(functionCalled('orders'));
    cluster.beforeRequest = () => {
      throw new Error('busy');
    };
    await start();
    await pass(29_000);
    expect(reconciled).toHaveLength(1);
    cluster.beforeRequest = () => undefined;
    await pass(2_000);
    expect(reconciled).toHaveLength(2);
    expect(cluster.titles()).toEqual(partsOfOrders);
  });

  it('of its own fault waits, whatever becomes of others', async () => {
    const { cluster, controller, reconciled, start } = world();
    for (const name of ['orders', 'mails']) cluster.putFunction(functionCalled(name));
    cluster.beforeRequest = ({ name }) => {
      if (name.startsWith('mails')) throw new Error('exceeded quota');
    };
    await start();
    await pass(10 * minuteMs);
    const before = reconciled.length;
    controller.wake('shop', 'orders');
    await pass(100);
    expect(reconciled.slice(before).map(({ name }) => name)).toEqual(['orders']);
  });

  it('is not told where it is over soon', async () => {
    const { cluster, start, told } = world();
    cluster.putFunction(functionCalled('orders'));
    let left = 7;
    cluster.beforeRequest = () => {
      left -= 1;
      if (left >= 0) throw new Error('the API server restarts');
    };
    await start();
    await pass(minuteMs);
    expect(cluster.titles()).toEqual(partsOfOrders);
    expect(told()).toEqual(['ProxyCreated']);
  });

  it('holds up no other Function', async () => {
    const { cluster, start } = world({ concurrency: 1 });
    cluster.putFunction(functionCalled('stock'));
    cluster.putFunction(functionCalled('orders'));
    cluster.beforeRequest = ({ name }) => {
      if (name.startsWith('stock')) throw new Error('refused');
    };
    await start();
    expect(cluster.titles()).toEqual(partsOfOrders);
  });

  it('with what is no Error is reported as one', async () => {
    const { cluster, reconciled, start } = world();
    cluster.putFunction(functionCalled('orders'));
    cluster.contextFacts = () => {
      throw 'words';
    };
    await start();
    expect(reconciled[0]?.error).toBeInstanceOf(Error);
    expect(reconciled[0]?.error?.message).toBe('words');
  });
});

describe('pods that were not admitted', () => {
  const missed = observedPod('missed', { mode: undefined });

  it('are told of', async () => {
    const { cluster, start, told, evicted } = world();
    cluster.putFunction(functionCalled('orders'));
    cluster.putPods(missed);
    await start();
    expect(told()).toEqual(['ProxyCreated', 'PodsNotAdmitted']);
    expect(evicted).toEqual([]);
  });

  it('are evicted where that is wanted', async () => {
    const { cluster, start, told, evicted } = world({ repairs: true });
    cluster.putFunction(functionCalled('orders'));
    await start();
    cluster.putPods(missed);
    await pass();
    expect(evicted).toEqual(['missed']);
    expect(told()).toEqual(['ProxyCreated', 'PodsNotAdmitted', 'PodEvicted']);
  });

  it('are evicted whatever becomes of the objects of their Function', async () => {
    const { cluster, start, evicted } = world({ repairs: true });
    cluster.putFunction(functionCalled('orders'));
    cluster.putPods(missed);
    cluster.beforeRequest = () => {
      throw new Error('refused');
    };
    await start();
    expect(evicted).toEqual(['missed']);
  });
});

describe('a controller that is stopped', () => {
  it('writes nothing more, whoever wakes it, and leaves nothing running', async () => {
    const { cluster, controller, start, stop } = world({ repairs: true });
    cluster.putFunction(functionCalled('orders'));
    await start();
    await stop();
    cluster.takeWrites();
    cluster.remove('Service/orders-events');
    controller.wakeAll();
    await pass(60 * minuteMs);
    expect(cluster.takeWrites()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('cuts short what is under way, and reports no failure of it', async () => {
    const { cluster, reconciled, start, stop } = world();
    cluster.putFunction(functionCalled('orders'));
    let stopped: Promise<void> = Promise.resolve();
    cluster.beforeRequest = ({ verb, kind }) => {
      if (verb === 'apply' && kind === 'NetworkPolicy') stopped = stop();
    };
    await start();
    await stopped;
    expect(cluster.titles()).not.toContain('NetworkPolicy/orders-dapr-proxy');
    expect(cluster.titles()).not.toContain('Deployment/orders-dapr-proxy');
    expect(reconciled).toEqual([]);
  });

  it('before it ran writes nothing', async () => {
    const { cluster, start, stop } = world();
    cluster.putFunction(functionCalled('orders'));
    await stop();
    await start();
    await pass(minuteMs);
    expect(cluster.writes).toEqual([]);
  });
});

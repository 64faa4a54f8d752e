import { expect, it } from 'vitest';
import { at, type JsonObject } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { type Mode, modeAnnotations, podOf, podTemplate } from '../../harness/fixtures.ts';
import { titlesOf } from '../../harness/kept-objects.ts';
import { ControllerTools } from './tools.ts';

const modeLabel = 'baas.openfunction.io/mode';
const modes: readonly Mode[] = ['standalone', 'sidecar', 'disabled'];
const switches = modes.flatMap((from) =>
  modes.filter((to) => to !== from).map((to) => [from, to] as const),
);

/** Long enough for a deletion that must not be: it would take less than a second. */
const watchSeconds = 3;

/** A Function changes its mode while its Pods run. */
export function modeSwitchSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);

  const inMode = (mode: Mode): JsonObject =>
    tools.functionOf({
      name: 'orders',
      annotations: { ...modeAnnotations(mode), 'dapr.io/app-id': 'shop' },
      isAsync: true,
      hasOutput: true,
    });

  /** A namespace with a Function in a mode, and one Pod that was admitted in it. */
  async function running(mode: Mode): Promise<string> {
    const namespace = await cluster().namespace();
    const fn = inMode(mode);
    await tools.apply(namespace, fn);
    await tools.expectKept(namespace, [fn]);
    await tools.apply(namespace, workload());
    await untilPods(namespace, mode);
    return namespace;
  }

  /** Waits until the Function has one Pod, which was admitted in this mode. */
  async function untilPods(namespace: string, mode: Mode): Promise<void> {
    await eventually(async () => {
      const pods = await cluster().kubectl.list('pods', namespace, 'app=orders');
      expect(pods.map((pod) => at(pod, 'metadata', 'labels', modeLabel))).toEqual([mode]);
    });
  }

  it.each(switches)('from %s to %s, with Pods that are left', async (from, to) => {
    const namespace = await running(from);
    const proxy = titlesOf(await tools.kept(namespace, 'orders'));
    const fn = inMode(to);
    await tools.apply(namespace, fn);
    await tools.event(namespace, 'orders', 'ModeChanged');
    if (from === 'standalone') {
      const waiting = await tools.event(namespace, 'orders', 'WaitingForPods');
      const [pod] = await cluster().kubectl.list('pods', namespace, 'app=orders');
      expect(waiting.note).toContain(at(pod, 'metadata', 'name'));
      await tools.expectNoWrites(watchSeconds, { namespace });
      expect(titlesOf(await tools.kept(namespace, 'orders'))).toEqual(
        expect.arrayContaining(proxy),
      );
      // The Function's own roll-out does this: the next one is admitted in the new mode.
      await tools.kubectl(namespace, 'delete', 'pods', '-l', `${modeLabel}=standalone`);
      await untilPods(namespace, to);
    }
    await tools.expectKept(namespace, [fn]);
    const reasons = async () => (await tools.events(namespace, 'orders')).map((one) => one.reason);
    if (from === 'standalone') await tools.event(namespace, 'orders', 'ProxyRemoved');
    else expect(await reasons()).not.toContain('WaitingForPods');
    if (to === 'standalone') await tools.event(namespace, 'orders', 'ProxyCreated');
  });

  it('and back before the Pods are gone: the proxy was never away', async () => {
    const namespace = await running('standalone');
    const uid = async () =>
      at(await tools.get(namespace, 'deployments', 'orders-dapr-proxy'), 'metadata', 'uid');
    const before = await uid();
    await tools.apply(namespace, inMode('disabled'));
    await tools.event(namespace, 'orders', 'WaitingForPods');
    await tools.apply(namespace, inMode('standalone'));
    await tools.expectKept(namespace, [inMode('standalone')]);
    expect(await uid()).toBe(before);
  });

  it('a Pod that has ended keeps no proxy', async () => {
    const namespace = await cluster().namespace();
    await tools.apply(namespace, inMode('standalone'));
    await tools.expectKept(namespace, [inMode('standalone')]);
    await tools.apply(namespace, podOf('orders', { name: 'done' }));
    const ended = [
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"phase":"Succeeded"}}',
    ];
    await tools.kubectl(namespace, 'patch', 'pod', 'done', ...ended);
    const done = await tools.get(namespace, 'pods', 'done');
    expect(at(done, 'metadata', 'labels', modeLabel)).toBe('standalone');
    await tools.apply(namespace, inMode('disabled'));
    await tools.expectKept(namespace, []);
  });

  it('everything else that changes in a Function changes its objects in place', async () => {
    const namespace = await running('standalone');
    const uids = async (): Promise<Map<unknown, unknown>> => {
      const kept = await tools.kept(namespace, 'orders');
      return new Map(kept.map((one) => [titlesOf([one])[0], at(one, 'metadata', 'uid')]));
    };
    const before = await uids();
    const changed = tools.functionOf({
      name: 'orders',
      image: 'example.com/function:v2',
      annotations: {
        ...modeAnnotations('standalone'),
        'dapr.io/app-id': 'shop-two',
        'dapr.io/app-protocol': 'http',
        'dapr.io/log-level': 'debug',
      },
      isAsync: true,
      hasOutput: true,
    });
    await tools.apply(namespace, changed);
    await tools.expectKept(namespace, [changed]);
    expect(await uids()).toEqual(before);

    const sync = tools.functionOf({
      name: 'orders',
      annotations: modeAnnotations('standalone'),
      hasOutput: true,
    });
    await tools.apply(namespace, sync);
    await tools.expectKept(namespace, [sync]);
    const after = await uids();
    expect([...after.keys()].sort()).toEqual([
      'Component/orders-kafka',
      'Deployment/orders-dapr-proxy',
      'NetworkPolicy/orders-dapr-proxy',
      'Service/orders-dapr-proxy',
    ]);
    for (const [title, uid] of after) expect(uid).toBe(before.get(title));
  });
}

/** What OpenFunction makes to run a Function. */
function workload(): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'orders' },
    spec: { selector: { matchLabels: { app: 'orders' } }, template: { ...podTemplate('orders') } },
  };
}

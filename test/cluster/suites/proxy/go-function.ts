import { expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../../src/api/json.ts';
import { type FunctionInputs, functionContexts } from '../../../support/dapr/function-contexts.ts';
import { countAllIds, countIds, FunctionPod } from '../../../support/dapr/function-pod.ts';
import { ProxyProcess } from '../../../support/dapr/proxy-process.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { component } from '../../harness/dapr-resources.ts';
import { Daprd } from '../../harness/daprd.ts';
import { eventually } from '../../harness/eventually.ts';

/** A few for each pod, whichever it is. */
const eventCount = 40;

/**
 * Functions with OpenFunction's framework for Go, as it is. It mixes up events that
 * come at once, so that they come one after the other here.
 */
export function goFunctionSuite(
  programs: () => { readonly daprd: string; readonly goFunction: string },
  protocol: 'grpc' | 'http',
): void {
  /** Both functions listen when they have reached daprd, which listens when the proxy does. */
  async function start(inputs: FunctionInputs, resource: JsonObject) {
    const pods = await Promise.all(
      [1, 2].map(() =>
        FunctionPod.create({ protocol }, ({ port }) => ({
          program: programs().goFunction,
          environment: {
            ...functionContexts(inputs, port),
            ...{ APP_PROTOCOL: protocol, POD_NAME: `orders-${port}`, POD_NAMESPACE: 'shop' },
            ...{ DAPR_HOST: '127.0.0.1', DAPR_GRPC_PORT: String(daprd.grpcPort) },
          },
        })),
      ),
    );
    const endpoints = pods.map(({ endpoint }) => endpoint);
    const proxy = await ProxyProcess.start({ protocol, inputs, endpoints });
    onTestFinished(() => proxy.kill());
    const daprd = await Daprd.start({
      ...{ program: programs().daprd, folder: await temporaryFolder(), resources: [resource] },
      ...{ appPort: proxy.port, appProtocol: protocol },
    });
    onTestFinished(async () => void (await daprd.kill()));
    onTestFinished(async () => void (await Promise.all(pods.map((pod) => pod.kill()))));
    await Promise.all(pods.map((pod) => pod.start()));
    return { daprd, pods };
  }

  it('get each event of their topic once, also when one of them is killed', async () => {
    const topics = [['bus', 'orders']] as const;
    const { daprd, pods } = await start({ topics }, component('bus', 'pubsub.in-memory'));
    const publish = (id: string) => daprd.publish('bus', 'orders', { id });
    const ids = Array.from({ length: 2 * eventCount }, (_, index) => `order ${index}`);
    for (const id of ids.slice(0, eventCount)) await publish(id);
    await eventually(async () => expect(countIds(pods, 'bus').size).toBe(eventCount));
    for (const { records } of pods) expect(records).not.toEqual([]);

    await pods[0]?.kill();
    for (const id of ids.slice(eventCount)) await publish(id);
    await eventually(async () => expect(countIds(pods, 'bus').size).toBe(ids.length));
    expect(await countAllIds(pods, 'bus')).toEqual(new Map(ids.map((id) => [id, 1])));

    const before = pods[0]?.records.length;
    await pods[0]?.start();
    await eventually(async () => {
      await publish('one more');
      expect(pods[0]?.records.length).toBeGreaterThan(before ?? 0);
    });
  });

  it('get what a clock triggers', async () => {
    const clock = component('tick', 'bindings.cron', { schedule: '@every 1s' });
    const { pods } = await start({ bindings: ['tick'] }, clock);
    await eventually(async () => expect(countIds(pods, 'tick').get('')).toBeGreaterThan(1));
  });
}

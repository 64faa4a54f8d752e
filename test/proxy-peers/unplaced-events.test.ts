import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStandIn } from '../support/dapr/create-stand-in.ts';
import type { DaprdStandIn } from '../support/dapr/daprd-stand-in.ts';
import { FunctionPod } from '../support/dapr/function-pod.ts';
import { ProxyProcess } from '../support/dapr/proxy-process.ts';

/** Over HTTP alone: over gRPC the SDK acknowledges these by itself. */
describe("an event that a function of Dapr's SDK has no place for", () => {
  let pod: FunctionPod;
  let proxy: ProxyProcess;
  let daprd: DaprdStandIn;

  beforeAll(async () => {
    pod = await FunctionPod.start({ protocol: 'http', topics: [['bus', 'orders']] });
    proxy = await ProxyProcess.start({
      protocol: 'http',
      inputs: { topics: [['bus', 'strange']] },
      endpoints: [pod.endpoint],
    });
    daprd = createStandIn('http', proxy.port);
    await daprd.ask([]);
  });

  afterAll(async () => {
    daprd?.close();
    await proxy?.kill();
    await pod?.kill();
  });

  it.each([
    ['of a topic', {}],
    ['at a route that a Subscription names', { route: '/strange' }],
  ])('%s is not lost, alone or in bulk', async (_what, route) => {
    const event = { pubsub: 'bus', topic: 'strange', data: { id: 'one' }, ...route };
    expect(await daprd.deliver(event)).toBe('retried');
    expect(await daprd.deliverBulk([event])).toEqual(new Map([['one', 'retried']]));
  });
});

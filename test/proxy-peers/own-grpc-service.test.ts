import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStandIn } from '../support/dapr/create-stand-in.ts';
import { EchoCaller, EchoFunction } from '../support/dapr/echo-service.ts';
import { ProxyProcess } from '../support/dapr/proxy-process.ts';

describe("a gRPC service of the function's own", () => {
  let echo: EchoFunction;
  let proxy: ProxyProcess;
  let caller: EchoCaller;

  beforeAll(async () => {
    echo = await EchoFunction.start();
    proxy = await ProxyProcess.start({
      protocol: 'grpc',
      inputs: { topics: [['bus', 'orders']] },
      endpoints: [echo.endpoint],
    });
    caller = new EchoCaller(`127.0.0.1:${proxy.port}`);
  });

  afterAll(async () => {
    caller?.close();
    await proxy?.kill();
    echo?.stop();
  });

  it('answers with its data and its trailers', async () => {
    expect(await caller.unary('hello', 'greetings')).toEqual({
      text: 'hello',
      code: 0,
      details: 'OK',
      said: 'greetings',
    });
  });

  it('answers with its own error', async () => {
    expect(await caller.unary('fail', 'sorry')).toEqual({
      text: '',
      code: 9,
      details: 'as asked: ünïcode',
      said: 'sorry',
    });
  });

  it('talks back while it is talked to', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => `${index}`.repeat(1000));
    expect(await caller.chat(texts)).toEqual(texts);
  });

  it('ends a conversation in which nobody said anything', async () => {
    expect(await caller.chat([])).toEqual([]);
  });

  it('loses no event for which it has nothing else', async () => {
    const daprd = createStandIn('grpc', proxy.port);
    const event = { pubsub: 'bus', topic: 'orders', data: { id: 'one' } };
    expect(await daprd.deliver(event)).toBe('retried');
    expect(await daprd.deliverBulk([event])).toEqual(new Map([['one', 'retried']]));
    daprd.close();
  });
});

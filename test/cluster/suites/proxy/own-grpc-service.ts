import { afterAll, beforeAll, expect, it } from 'vitest';
import { EchoCaller, EchoFunction } from '../../../support/dapr/echo-service.ts';
import { ProxyProcess } from '../../../support/dapr/proxy-process.ts';
import { makeFolder, removeFolder } from '../../../support/temporary-folder.ts';
import { Daprd } from '../../harness/daprd.ts';

/** gRPC between functions: daprd passes on services that it does not know. */
export function ownGrpcServiceSuite(program: () => string): void {
  let echo: EchoFunction;
  let proxy: ProxyProcess;
  let daprd: Daprd;
  let caller: EchoCaller;
  let folder: string;

  beforeAll(async () => {
    echo = await EchoFunction.start();
    proxy = await ProxyProcess.start({
      protocol: 'grpc',
      inputs: {},
      endpoints: [echo.endpoint],
    });
    folder = await makeFolder();
    daprd = await Daprd.start({
      ...{ program: program(), folder, resources: [] },
      ...{ appPort: proxy.port, appProtocol: 'grpc' },
    });
    caller = new EchoCaller(`127.0.0.1:${daprd.grpcPort}`, { 'dapr-app-id': Daprd.appId });
  });

  afterAll(async () => {
    caller?.close();
    await daprd?.kill();
    await proxy?.kill();
    echo?.stop();
    await removeFolder(folder);
  });

  it('brings a call, and its answer with trailers', async () => {
    expect(await caller.unary('hello', 'greetings')).toMatchObject({
      text: 'hello',
      code: 0,
      said: 'greetings',
    });
  });

  it('brings an error', async () => {
    expect(await caller.unary('fail', 'sorry')).toMatchObject({
      code: 9,
      details: 'as asked: ünïcode',
    });
  });

  it('brings a stream in both directions', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`);
    expect(await caller.chat(texts)).toEqual(texts);
  });
}

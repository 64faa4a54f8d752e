import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  BindingEventRequestSchema,
  BindingEventResponseSchema,
} from '@dapr/dapr/proto/dapr/proto/runtime/v1/appcallback_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ProxyProcess } from '../../../support/dapr/proxy-process.ts';
import { makeFolder, removeFolder } from '../../../support/temporary-folder.ts';
import { component } from '../../harness/dapr-resources.ts';
import { Daprd } from '../../harness/daprd.ts';
import { eventually } from '../../harness/eventually.ts';

/**
 * Over gRPC a function answers an event of a binding with data and the output
 * bindings that daprd sends it to. Dapr's SDK for Node answers with nothing,
 * hence a function by hand.
 */
export function bindingAnswersSuite(program: () => string): void {
  const received: unknown[] = [];
  let outside: HttpServer;
  let fn: Server;
  let proxy: ProxyProcess;
  let daprd: Daprd;
  let folder: string;

  beforeAll(async () => {
    outside = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      received.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.end();
    }).listen(0, '127.0.0.1');
    await once(outside, 'listening');
    fn = new Server();
    const endpoint = await serveBinding(fn);
    proxy = await ProxyProcess.start({
      protocol: 'grpc',
      inputs: { bindings: ['tick'] },
      endpoints: [endpoint],
    });
    folder = await makeFolder();
    const { port } = outside.address() as AddressInfo;
    daprd = await Daprd.start({
      ...{ program: program(), folder, appPort: proxy.port, appProtocol: 'grpc' },
      resources: [
        component('tick', 'bindings.cron', { schedule: '@every 1s' }),
        component('outside', 'bindings.http', { url: `http://127.0.0.1:${port}/` }),
      ],
    });
  });

  afterAll(async () => {
    await daprd?.kill();
    await proxy?.kill();
    fn?.forceShutdown();
    outside?.closeAllConnections();
    outside?.close();
    await removeFolder(folder);
  });

  it('sends what the function answers to where it says', async () => {
    await eventually(async () => expect(received).toContainEqual({ said: 'to tick' }));
  });
}

/** @returns its `host:port` */
async function serveBinding(server: Server): Promise<string> {
  server.addService(
    {
      onBindingEvent: {
        path: '/dapr.proto.runtime.v1.AppCallback/OnBindingEvent',
        requestStream: false,
        responseStream: false,
        requestSerialize: (bytes: Buffer) => bytes,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Buffer) => bytes,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    {
      onBindingEvent: (
        call: { request: Buffer },
        callback: (error: null, answer: Buffer) => void,
      ) => {
        const { name } = fromBinary(BindingEventRequestSchema, call.request);
        const answer = create(BindingEventResponseSchema, {
          to: ['outside'],
          data: new Uint8Array(Buffer.from(JSON.stringify({ said: `to ${name}` }))),
        });
        callback(null, Buffer.from(toBinary(BindingEventResponseSchema, answer)));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return `127.0.0.1:${port}`;
}

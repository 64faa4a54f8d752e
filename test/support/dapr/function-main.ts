import { once } from 'node:events';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import {
  CommunicationProtocolEnum,
  DaprPubSubStatusEnum,
  DaprServer,
  HttpMethod,
  LogLevel,
} from '@dapr/dapr';
import type { EventData, FunctionRecord, FunctionSetup } from './function-events.ts';

/** A function as its author writes it with Dapr's own SDK. It tells on its output what it gets. */
const setup = JSON.parse(process.argv[2] ?? '') as FunctionSetup;
const isGrpc = setup.protocol === 'grpc';

const server = new DaprServer({
  serverHost: setup.host,
  serverPort: String(setup.port),
  communicationProtocol: isGrpc ? CommunicationProtocolEnum.GRPC : CommunicationProtocolEnum.HTTP,
  logger: { level: LogLevel.Error },
});

/** How often an event came, by id. */
const times = new Map<string, number>();

for (const [pubsub, topic] of setup.topics) {
  await server.pubsub.subscribe(pubsub, topic, (data: EventData) =>
    take(`${pubsub}/${topic}`, data),
  );
}
for (const [pubsub, topic] of setup.bulkTopics) {
  await server.pubsub.subscribeBulk(pubsub, topic, (data: EventData) =>
    take(`${pubsub}/${topic}`, data),
  );
}
for (const binding of setup.bindings) {
  await server.binding.receive(binding, (data: EventData) => take(binding, data));
}
for (const method of setup.methods) {
  await server.invoker.listen(
    method,
    async ({ body }) => {
      const data: EventData = JSON.parse(body ?? '{}');
      await take(method, data);
      return { method, id: data.id };
    },
    { method: HttpMethod.POST },
  );
}

if (!isGrpc) {
  // Otherwise it listens at every address, where pods with one port get into each other's way.
  const app: { listen(port: number, host?: string): unknown } = server.daprServer.getServer();
  const listen = app.listen.bind(app);
  app.listen = (port) => listen(port, setup.host);
}
// Only the half that listens: the other one wants a sidecar of its own.
await server.daprServer.start(setup.host, String(setup.port));
tell({ listening: setup.port });

const sessions = new Set<ServerHttp2Session>();
if (isGrpc) {
  const http2: Http2Server = server.daprServer.getServer();
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
}

// Whoever asks whether all has been told hears it after all that was.
process.stdin.on('data', () => tell({ settled: true }));
// It does not outlive whoever started it, however that ended.
process.stdin.on('end', () => process.exit(0));

await once(process, 'SIGTERM');
// It finishes what it has, as a server does that ends in order.
for (const session of sessions) session.close();
await server.stop();
process.exit(0);

async function take(input: string, data: EventData | undefined): Promise<DaprPubSubStatusEnum> {
  const id = data?.id ?? '';
  const time = (times.get(id) ?? 0) + 1;
  times.set(id, time);
  tell({ input, id } satisfies FunctionRecord);
  if (data?.takesMs) await new Promise((resolve) => setTimeout(resolve, data.takesMs));
  if (data?.answer === undefined || time > (data.answerTimes ?? time)) {
    return DaprPubSubStatusEnum.SUCCESS;
  }
  if (data.answer === 'throw') throw new Error('as the event asks for');
  return DaprPubSubStatusEnum[data.answer];
}

/** Written when it returns, so that a process that is killed has told what it got. */
function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

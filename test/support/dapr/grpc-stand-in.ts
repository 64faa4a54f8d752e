import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import {
  HTTPExtension_Verb,
  InvokeRequestSchema,
  InvokeResponseSchema,
} from '@dapr/dapr/proto/dapr/proto/common/v1/common_pb.js';
import {
  BindingEventRequestSchema,
  BindingEventResponseSchema,
  ListInputBindingsResponseSchema,
  ListTopicSubscriptionsResponseSchema,
  TopicEventResponse_TopicEventResponseStatus as Status,
  TopicEventBulkRequestSchema,
  TopicEventBulkResponseSchema,
  TopicEventRequestSchema,
  TopicEventResponseSchema,
} from '@dapr/dapr/proto/dapr/proto/runtime/v1/appcallback_pb.js';
import {
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { DaprdStandIn, Fate, TopicEvent } from './daprd-stand-in.ts';

const callback = '/dapr.proto.runtime.v1.AppCallback';
const alpha = '/dapr.proto.runtime.v1.AppCallbackAlpha';

/** daprd as an app sees it that speaks gRPC. */
export class GrpcStandIn implements DaprdStandIn {
  readonly #client: Client;
  readonly #metadata = new Metadata();
  readonly #calls = new Set<ClientUnaryCall>();

  constructor(port: number, host: string) {
    this.#client = new Client(`${host}:${port}`, credentials.createInsecure(), {
      // Otherwise stand-ins of one test process would share one.
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  async ask(components: readonly string[]): Promise<{ topics: string[]; bindings: string[] }> {
    const { subscriptions } = await this.#call(
      `${callback}/ListTopicSubscriptions`,
      EmptySchema,
      ListTopicSubscriptionsResponseSchema,
      {},
    );
    const { bindings } = await this.#call(
      `${callback}/ListInputBindings`,
      EmptySchema,
      ListInputBindingsResponseSchema,
      {},
    );
    return {
      topics: subscriptions.map(({ pubsubName, topic }) => `${pubsubName}/${topic}`),
      bindings: bindings.filter((name) => components.includes(name)),
    };
  }

  async deliver({ pubsub, topic, data, route = '' }: TopicEvent): Promise<Fate> {
    const request = { ...cloudEvent(data), topic, pubsubName: pubsub, path: route };
    const answer = await this.#call(
      `${callback}/OnTopicEvent`,
      TopicEventRequestSchema,
      TopicEventResponseSchema,
      request,
    ).catch(toFate);
    return typeof answer === 'string' ? answer : judge(answer.status);
  }

  async deliverBulk(events: readonly TopicEvent[]): Promise<Map<string, Fate>> {
    const [first] = events;
    const request: MessageInitShape<typeof TopicEventBulkRequestSchema> = {
      id: 'bulk',
      type: 'com.dapr.event.sent.bulk',
      topic: first?.topic ?? '',
      pubsubName: first?.pubsub ?? '',
      path: first?.route ?? '',
      entries: events.map(({ data }) => ({
        entryId: data.id,
        contentType: 'application/cloudevents+json',
        event: { case: 'cloudEvent', value: cloudEvent(data) },
      })),
    };
    const send = (path: string) =>
      this.#call(path, TopicEventBulkRequestSchema, TopicEventBulkResponseSchema, request);
    const answer = await send(`${callback}/OnBulkTopicEvent`)
      .catch((error: ServiceError) => {
        if (error.code !== status.UNIMPLEMENTED) throw error;
        return send(`${alpha}/OnBulkTopicEventAlpha1`);
      })
      .catch(toFate);
    // What the answer does not name is sent again.
    const missing = typeof answer === 'string' ? answer : 'retried';
    const fates = new Map<string, Fate>(events.map(({ data }) => [data.id, missing]));
    if (typeof answer === 'string') return fates;
    for (const entry of answer.statuses) fates.set(entry.entryId, judge(entry.status));
    return fates;
  }

  async trigger(binding: string, data: unknown): Promise<boolean> {
    const answer = await this.#call(
      `${callback}/OnBindingEvent`,
      BindingEventRequestSchema,
      BindingEventResponseSchema,
      { name: binding, data: encode(data) },
    ).catch(toFate);
    return typeof answer !== 'string';
  }

  async invoke(method: string, data: unknown): Promise<unknown> {
    const answer = await this.#call(
      `${callback}/OnInvoke`,
      InvokeRequestSchema,
      InvokeResponseSchema,
      {
        method,
        data: { value: encode(data) },
        contentType: 'application/json',
        httpExtension: { verb: HTTPExtension_Verb.POST },
      },
    );
    return JSON.parse(Buffer.from(answer.data?.value ?? []).toString());
  }

  close(): void {
    for (const call of this.#calls) call.cancel();
    this.#client.close();
  }

  #call<Input extends DescMessage, Output extends DescMessage>(
    path: string,
    input: Input,
    output: Output,
    request: MessageInitShape<Input>,
  ): Promise<MessageShape<Output>> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        (message: MessageShape<Input>) => Buffer.from(toBinary(input, message)),
        (bytes) => fromBinary(output, bytes),
        create(input, request),
        this.#metadata,
        (error, answer) => {
          this.#calls.delete(call);
          if (error === null && answer !== undefined) resolve(answer);
          else reject(error);
        },
      );
      this.#calls.add(call);
    });
  }
}

function cloudEvent(data: { readonly id: string }) {
  return {
    id: data.id,
    source: 'tests',
    type: 'com.dapr.event.sent',
    specVersion: '1.0',
    dataContentType: 'application/json',
    data: encode(data),
  };
}

function encode(data: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(JSON.stringify(data)));
}

/** daprd forgets what its app does not implement, and tries again after every other error. */
function toFate(error: ServiceError): Fate {
  return error.code === status.UNIMPLEMENTED ? 'dropped' : 'retried';
}

function judge(answer: Status): Fate {
  if (answer === Status.SUCCESS) return 'acknowledged';
  return answer === Status.DROP ? 'dropped' : 'retried';
}

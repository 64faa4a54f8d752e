import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { AppChannel } from '../../../proxy/app-channel.ts';
import type { Cancellation, Delivered, Endpoint } from '../../../proxy/delivery.ts';
import { explainRefusal } from '../../../proxy/explain-refusal.ts';
import { isBulkRequest } from '../../../rules/delivery/event-answer.ts';
import {
  callerHeader,
  type HttpCall,
  HttpCalls,
  pubsubHeader,
  subscriptionsOf,
} from '../../../rules/delivery/http-calls.ts';
import type { AppChannelOptions } from '../app-channel-options.ts';
import { tokenHeader } from '../app-token.ts';
import { DaprdConnection } from './daprd-connection.ts';
import { emptyAnswer, jsonAnswer, retryAnswer, textAnswer } from './own-answers.ts';
import { PodClient } from './pod-client.ts';
import { BindingDelivery, PodDelivery } from './pod-delivery.ts';
import { PodTopics } from './pod-topics.ts';
import { headerOf } from './raw-headers.ts';
import { type DaprRequest, RequestParser } from './request-parser.ts';
import type { PodAnswer } from './response-parser.ts';
import { DeclaredTopicDelivery, type OnLossPrevented, TopicDelivery } from './topic-delivery.ts';

export interface HttpAppChannelOptions extends AppChannelOptions {
  /** Where daprd asks whether its app is well. */
  readonly healthPath: string;
}

/** What metrics call that which comes from no input of the Function. */
const metricInputs = { job: 'job', invocation: 'invoke' } as const;

/** The app channel over HTTP/1.1 (Dapr's `channel/http`). */
export class HttpAppChannel implements AppChannel {
  readonly #options: HttpAppChannelOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #calls: HttpCalls;
  readonly #client: PodClient;
  readonly #topics: PodTopics;
  readonly #subscriptions: PodAnswer;
  readonly #onLossPrevented: OnLossPrevented;
  #wasCalled = false;

  constructor(options: HttpAppChannelOptions) {
    const { inputs, limits, token, observer, held, healthPath } = options;
    this.#options = options;
    this.#calls = new HttpCalls(inputs, healthPath);
    this.#client = new PodClient(limits, (endpoint) => this.#topics.forget(endpoint));
    this.#topics = new PodTopics(this.#client, token.value);
    this.#subscriptions = jsonAnswer(subscriptionsOf(inputs));
    this.#onLossPrevented = (input, endpoint) => observer.lossPrevented(input, endpoint);
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      const parser = new RequestParser(limits.maxMessageBytes, held);
      new DaprdConnection(socket, this.#handle, parser);
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get wasCalled(): boolean {
    return this.#wasCalled;
  }

  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host, backlog: 2048 }, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  forget(endpoint: Endpoint): void {
    this.#client.forget(endpoint);
    this.#topics.forget(endpoint);
  }

  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    this.#client.close();
    return closed;
  }

  readonly #handle = (
    request: DaprRequest,
    cancellation: Cancellation,
    isSkipped: boolean,
  ): PodAnswer | Promise<PodAnswer> => {
    this.#wasCalled = true;
    const call = this.#callOf(request);
    if (!this.#isAdmitted(call, request))
      return textAnswer(401, `${tokenHeader}: not the app's token`);
    switch (call.kind) {
      case 'health':
        return emptyAnswer(200);
      case 'config':
        return jsonAnswer({});
      case 'subscribe':
        return this.#subscriptions;
      case 'probe':
        return emptyAnswer(call.isTaken ? 200 : 404);
      default: {
        const delivery = this.#deliveryOf(call, request, cancellation);
        return isSkipped ? this.#refuse(delivery) : this.#deliver(delivery);
      }
    }
  };

  #callOf({ method, target, headers, body }: DaprRequest): HttpCall {
    const query = target.indexOf('?');
    return this.#calls.of({
      method,
      path: query === -1 ? target : target.slice(0, query),
      contentType: headerOf(headers, 'content-type'),
      hasCaller: headerOf(headers, callerHeader) !== undefined,
      hasPubsub: headerOf(headers, pubsubHeader) !== undefined,
      isBulk: () => isBulkRequest(body.toString()),
    });
  }

  /** A health check comes without a token; whatever else daprd asks over HTTP comes with it. */
  #isAdmitted({ kind }: HttpCall, { headers }: DaprRequest): boolean {
    return kind === 'health' || this.#options.token.admits(headers);
  }

  #deliveryOf(
    call: Exclude<HttpCall, { kind: 'health' | 'config' | 'subscribe' | 'probe' }>,
    request: DaprRequest,
    cancellation: Cancellation,
  ): PodDelivery {
    switch (call.kind) {
      case 'topic':
        return new TopicDelivery(
          call.topic,
          request,
          cancellation,
          this.#client,
          this.#topics,
          this.#onLossPrevented,
        );
      case 'declared topic':
        return new DeclaredTopicDelivery(
          'other',
          request,
          cancellation,
          this.#client,
          this.#onLossPrevented,
        );
      case 'binding':
        return new BindingDelivery(call.name, request, cancellation, this.#client);
      default:
        return new PodDelivery(metricInputs[call.kind], request, cancellation, this.#client);
    }
  }

  #refuse({ input }: PodDelivery): PodAnswer {
    this.#options.observer.ended(input, 'memory', undefined, 0);
    return retryAnswer(explainRefusal('memory'));
  }

  async #deliver(delivery: PodDelivery): Promise<PodAnswer> {
    return answerOf(await this.#options.dispatcher.deliver<PodAnswer>(delivery));
  }
}

function answerOf(delivered: Delivered<PodAnswer>): PodAnswer {
  switch (delivered.result) {
    case 'answered':
      return delivered.answer;
    case 'lost':
      return retryAnswer(`${delivered.endpoint.name}: ${delivered.cause}`);
    case 'refused':
      return retryAnswer(explainRefusal(delivered.why));
    case 'cancelled':
      // Nobody is there to read it.
      return retryAnswer('cancelled');
  }
}

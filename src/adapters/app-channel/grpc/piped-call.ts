import type { ServerHttp2Stream } from 'node:http2';
import type { Attempt, Cancellation, Delivery, Endpoint } from '../../../proxy/delivery.ts';
import type { Caller } from './caller.ts';
import { type RawHeaders, requestHeaders } from './metadata.ts';
import { PipedExchange } from './piped-exchange.ts';
import type { PodPool } from './pod-pool.ts';
import { RequestPipe } from './request-pipe.ts';

/**
 * A call of a service that the function brings itself, with any number of messages either
 * way: one pod has it from the first to the last. It may take as long as its deadline allows.
 */
export class PipedCall implements Delivery<undefined> {
  readonly input = 'invoke';
  readonly bytes = 0;
  readonly cancellation: Cancellation;
  readonly #stream: ServerHttp2Stream;
  readonly #headers: RawHeaders;
  readonly #caller: Caller;
  readonly #pods: PodPool;
  readonly #request: RequestPipe;

  constructor(stream: ServerHttp2Stream, headers: RawHeaders, caller: Caller, pods: PodPool) {
    this.cancellation = caller.cancellation;
    this.#stream = stream;
    this.#headers = headers;
    this.#caller = caller;
    this.#pods = pods;
    this.#request = new RequestPipe(stream, caller);
  }

  attempt(endpoint: Endpoint): Promise<Attempt<undefined>> {
    const headers = requestHeaders(this.#headers, endpoint.name, this.#caller.timeoutLeft());
    const exchange = new PipedExchange(this.#stream, this.#request, headers, this.cancellation);
    if (!exchange.isSettled) this.#pods.of(endpoint).seek(exchange);
    return exchange.result;
  }
}

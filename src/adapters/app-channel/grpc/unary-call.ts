import type { Attempt, Cancellation, Delivery, Endpoint } from '../../../proxy/delivery.ts';
import type { DeliveryObserver } from '../../../proxy/delivery-observer.ts';
import type { AppChannelLimits } from '../app-channel-options.ts';
import type { Exchanged } from '../exchanged.ts';
import type { UnaryMethod } from './app-callback.ts';
import type { Caller } from './caller.ts';
import { type RawHeaders, requestHeaders } from './metadata.ts';
import { answerOf, type PodAnswer, statusOf } from './pod-answer.ts';
import type { PodPool } from './pod-pool.ts';
import { StatusCode } from './status.ts';
import { UnaryExchange } from './unary-exchange.ts';

/** What all calls have in common. */
export interface CallContext {
  readonly pods: PodPool;
  readonly limits: AppChannelLimits;
  readonly observer: DeliveryObserver;
}

const ok = '0';
const unimplemented = String(StatusCode.unimplemented);

/** A call with one message and one answer, which one pod gets whole. */
export class UnaryCall implements Delivery<PodAnswer> {
  readonly input: string;
  readonly cancellation: Cancellation;
  readonly #context: CallContext;
  readonly #method: UnaryMethod;
  readonly #caller: Caller;
  readonly #headers: RawHeaders;
  readonly #message: Buffer;

  /** @param message framed, as it came */
  constructor(
    context: CallContext,
    method: UnaryMethod,
    input: string,
    caller: Caller,
    headers: RawHeaders,
    message: Buffer,
  ) {
    this.input = input;
    this.cancellation = caller.cancellation;
    this.#context = context;
    this.#method = method;
    this.#caller = caller;
    this.#headers = headers;
    this.#message = message;
  }

  get bytes(): number {
    return this.#message.length;
  }

  async attempt(endpoint: Endpoint): Promise<Attempt<PodAnswer>> {
    let exchanged = await this.#ask(endpoint);
    const { otherPath } = this.#method;
    if (otherPath !== undefined && isUnimplemented(exchanged)) {
      exchanged = await this.#ask(endpoint, otherPath);
    }
    if (exchanged.result !== 'answered') return exchanged;
    if (this.#method.isForgotten && isUnimplemented(exchanged)) return this.#keepEvent(endpoint);
    const { answer } = exchanged;
    const verdict = statusOf(answer) === ok ? this.#method.verdictOf(answer.message) : 'error';
    return { result: 'answered', answer, verdict };
  }

  #ask(endpoint: Endpoint, path?: string): Promise<Exchanged<PodAnswer>> {
    const { pods, limits } = this.#context;
    const exchange = new UnaryExchange({
      headers: requestHeaders(this.#headers, endpoint.name, this.#caller.timeoutLeft(), path),
      message: this.#message,
      cancellation: this.cancellation,
      maxAnswerBytes: limits.maxMessageBytes,
      answerTimeoutMs: limits.responseTimeoutMs,
    });
    if (!exchange.isSettled) pods.of(endpoint).seek(exchange);
    return exchange.result;
  }

  /** daprd would take the pod's UNIMPLEMENTED for the end of the event: it is told to try again. */
  #keepEvent(endpoint: Endpoint): Attempt<PodAnswer> {
    this.#context.observer.lossPrevented(this.input, endpoint);
    const message = `pod ${endpoint.name} does not implement this kind of event`;
    return {
      result: 'answered',
      answer: answerOf({ code: StatusCode.unavailable, message }),
      verdict: 'error',
    };
  }
}

function isUnimplemented(exchanged: Exchanged<PodAnswer>): boolean {
  return exchanged.result === 'answered' && statusOf(exchanged.answer) === unimplemented;
}

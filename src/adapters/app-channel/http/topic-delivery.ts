import type { Attempt, Cancellation, Endpoint } from '../../../proxy/delivery.ts';
import {
  bulkVerdict,
  forgetsTopicEvent,
  topicVerdict,
} from '../../../rules/delivery/event-answer.ts';
import { retryAnswer } from './own-answers.ts';
import type { PodClient } from './pod-client.ts';
import { type Judged, PodDelivery } from './pod-delivery.ts';
import type { KeyedTopic, PodTopics } from './pod-topics.ts';
import { headerOf } from './raw-headers.ts';
import type { DaprRequest } from './request-parser.ts';
import type { PodAnswer } from './response-parser.ts';
import { withinHeaderLimit } from './within-header-limit.ts';

/** Told when a pod's answer would have made daprd forget an event. */
export type OnLossPrevented = (input: string, endpoint: Endpoint) => void;

/** A topic event, or a bulk of them, for pods that know the path that daprd uses. */
export class DeclaredTopicDelivery extends PodDelivery {
  readonly #onLossPrevented: OnLossPrevented;

  constructor(
    input: string,
    request: DaprRequest,
    cancellation: Cancellation,
    client: PodClient,
    onLossPrevented: OnLossPrevented,
  ) {
    super(input, request, cancellation, client);
    this.#onLossPrevented = onLossPrevented;
  }

  protected override judge(answer: PodAnswer, endpoint: Endpoint): Judged {
    const { status, body } = answer;
    if (forgetsTopicEvent(status)) {
      this.#onLossPrevented(this.input, endpoint);
      return {
        answer: retryAnswer(`${endpoint.name} knows no ${this.path}`),
        verdict: 'retry',
      };
    }
    const isBulk = headerOf(this.headers, 'content-type')?.startsWith('application/json') === true;
    const verdict = (isBulk ? bulkVerdict : topicVerdict)(status, body.toString());
    return { answer: withinHeaderLimit(answer), verdict };
  }
}

/** A topic event, or a bulk of them, that each pod takes on a path of its own. */
export class TopicDelivery extends DeclaredTopicDelivery {
  readonly #topic: KeyedTopic;
  readonly #topics: PodTopics;
  readonly #query: string;

  constructor(
    topic: KeyedTopic & { readonly input: string },
    request: DaprRequest,
    cancellation: Cancellation,
    client: PodClient,
    topics: PodTopics,
    onLossPrevented: OnLossPrevented,
  ) {
    super(topic.input, request, cancellation, client, onLossPrevented);
    this.#topic = topic;
    this.#topics = topics;
    const query = request.target.indexOf('?');
    this.#query = query === -1 ? '' : request.target.slice(query);
  }

  suits(endpoint: Endpoint): boolean {
    return this.#topics.mayHave(endpoint, this.#topic);
  }

  override attempt(endpoint: Endpoint): Promise<Attempt<PodAnswer>> {
    const path = this.#topics.knownPath(endpoint, this.#topic);
    if (path === undefined) return this.#askAndAttempt(endpoint);
    this.path = path + this.#query;
    return super.attempt(endpoint);
  }

  async #askAndAttempt(endpoint: Endpoint): Promise<Attempt<PodAnswer>> {
    const route = await this.#topics.ask(endpoint, this.#topic);
    if ('unreached' in route) return { result: 'unreached', cause: route.unreached };
    if ('absent' in route) return { result: 'unsuited' };
    this.path = route.path + this.#query;
    return super.attempt(endpoint);
  }

  protected override failed(endpoint: Endpoint): void {
    this.#topics.forget(endpoint);
  }

  protected override judge(answer: PodAnswer, endpoint: Endpoint): Judged {
    if (forgetsTopicEvent(answer.status)) this.#topics.forget(endpoint);
    return super.judge(answer, endpoint);
  }
}

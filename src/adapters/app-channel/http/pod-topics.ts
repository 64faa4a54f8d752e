import { neverCancelled } from '../../../proxy/cancellation.ts';
import type { Endpoint } from '../../../proxy/delivery.ts';
import { isSuccess } from '../../../rules/delivery/event-answer.ts';
import { readTopicRoutes } from '../../../rules/delivery/topic-routes.ts';
import { tokenHeader } from '../app-token.ts';
import type { PodClient } from './pod-client.ts';
import type { PodRequest } from './pod-exchange.ts';

/** A topic, as pods are asked for it. */
export interface KeyedTopic {
  /** Tells it from others; see `topicKey`. */
  readonly key: string;
  /** Where a pod takes it that does not say. */
  readonly fallbackPath: string;
}

/** Where a pod takes a topic: a path; `absent` where it says that it does not take it; `unreached` where it could not be asked. */
export type TopicRoute =
  | { readonly path: string }
  | { readonly absent: true }
  | { readonly unreached: string };

/** What one pod said. */
interface Known {
  /** By `topicKey`; undefined where it says nothing of its topics. */
  readonly routes: ReadonlyMap<string, string> | undefined;
  /** When it said so, by the monotonic clock. */
  readonly at: number;
}

/** That a pod lacks a topic is believed for so long: it may have been asked while it started. */
const absenceMs = 5_000;

/** How long a pod may take to say what topics it has. */
const answerMaxMs = 3_000;

/**
 * The paths on which pods take topics, as each says itself (`GET /dapr/subscribe`): the
 * Go and the Node framework differ, and pods of both, or of two versions, may be there
 * at the same time. Remembered while a connection to that pod lasts, and until something
 * goes wrong with it.
 */
export class PodTopics {
  readonly #client: PodClient;
  readonly #question: PodRequest;
  readonly #known = new Map<Endpoint, Known>();
  /** Questions on their way, so that a burst of events asks once. */
  readonly #asked = new Map<Endpoint, Promise<Known | string>>();

  /** @param token what the pods' frameworks may expect of daprd, in whose place this asks */
  constructor(client: PodClient, token: string | undefined) {
    this.#client = client;
    this.#question = {
      method: 'GET',
      path: '/dapr/subscribe',
      headers: token === undefined ? [] : [tokenHeader, token],
      body: Buffer.alloc(0),
      cancellation: neverCancelled,
      answerMaxMs,
      sent: () => undefined,
    };
  }

  /** Whether a pod may take a topic, as far as is known. */
  mayHave(endpoint: Endpoint, topic: KeyedTopic): boolean {
    const known = this.#known.get(endpoint);
    return known?.routes === undefined || known.routes.has(topic.key) || isOld(known);
  }

  /** Where a pod takes a topic, as far as is known. */
  knownPath(endpoint: Endpoint, { key, fallbackPath }: KeyedTopic): string | undefined {
    const known = this.#known.get(endpoint);
    if (known === undefined) return undefined;
    return known.routes === undefined ? fallbackPath : known.routes.get(key);
  }

  /** Asks a pod where it takes a topic. */
  async ask(endpoint: Endpoint, topic: KeyedTopic): Promise<TopicRoute> {
    const learnt = await this.#learn(endpoint);
    return typeof learnt === 'string' ? { unreached: learnt } : routeIn(learnt, topic);
  }

  /** Something went wrong with the pod, or its program may be another one now: it is asked again. */
  forget(endpoint: Endpoint): void {
    this.#known.delete(endpoint);
  }

  #learn(endpoint: Endpoint): Promise<Known | string> {
    let asked = this.#asked.get(endpoint);
    if (asked === undefined) {
      asked = this.#ask(endpoint).finally(() => this.#asked.delete(endpoint));
      this.#asked.set(endpoint, asked);
    }
    return asked;
  }

  /** @returns what the pod said, or why it could not be asked */
  async #ask(endpoint: Endpoint): Promise<Known | string> {
    const exchanged = await this.#client.exchange(endpoint, this.#question);
    if (exchanged.result === 'cancelled') return exchanged.result;
    if (exchanged.result !== 'answered') return exchanged.cause;
    const { status, body } = exchanged.answer;
    const routes = isSuccess(status) ? readTopicRoutes(body.toString()) : undefined;
    const known = { routes, at: performance.now() };
    this.#known.set(endpoint, known);
    return known;
  }
}

function routeIn({ routes }: Known, { key, fallbackPath }: KeyedTopic): TopicRoute {
  if (routes === undefined) return { path: fallbackPath };
  const path = routes.get(key);
  return path === undefined ? { absent: true } : { path };
}

function isOld(known: Known): boolean {
  return known.at + absenceMs <= performance.now();
}

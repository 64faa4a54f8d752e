import type { EventInputs } from './event-inputs.ts';
import { fallbackRouteOf, topicKey, topicRouteOf } from './topic-routes.ts';

/** What daprd wants with an HTTP request (Dapr's `channel/http`). */
export type HttpCall =
  | { readonly kind: 'config' }
  | { readonly kind: 'subscribe' }
  | { readonly kind: 'health' }
  /** Whether a binding is read; 404 says that it is not. */
  | { readonly kind: 'probe'; readonly isTaken: boolean }
  | { readonly kind: 'topic'; readonly topic: HttpTopic }
  /** A topic whose path a Subscription resource says: pods know it as it is. */
  | { readonly kind: 'declared topic' }
  | { readonly kind: 'binding'; readonly name: string }
  | { readonly kind: 'job' }
  | { readonly kind: 'invocation' };

export interface HttpTopic {
  /** Tells it from others; see `topicKey`. */
  readonly key: string;
  /** Where a pod takes it that does not say. */
  readonly fallbackPath: string;
  /** What metrics call it: the component. */
  readonly input: string;
}

/** What tells requests apart. */
export interface HttpCallFacts {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly contentType: string | undefined;
  /** Whether it says which app called, as service invocation does. */
  readonly hasCaller: boolean;
  /** Whether it says which pub/sub component it comes from, as topic events do. */
  readonly hasPubsub: boolean;
  /** Whether the body is a bulk of topic events; asked where nothing else tells. */
  readonly isBulk: () => boolean;
}

/** Header in which daprd says which app a service invocation comes from; since 1.10 at the latest. */
export const callerHeader = 'dapr-caller-app-id';
/** Header in which daprd says which pub/sub component an event comes from. */
export const pubsubHeader = 'pubsubname';

const eventType = 'application/cloudevents+json';
const bulkType = 'application/json';

/** Tells what daprd wants. One is made per Function, so that nothing is made per request. */
export class HttpCalls {
  readonly #posts = new Map<string, HttpCall>();
  readonly #bindings: ReadonlySet<string>;
  readonly #healthPath: string;

  /** @param healthPath where daprd asks whether its app is well (`dapr.io/app-health-check-path`) */
  constructor({ topics, bindings }: EventInputs, healthPath: string) {
    this.#healthPath = healthPath.replace(/\?.*/, '');
    this.#bindings = new Set(bindings.map((name) => `/${name}`));
    for (const name of bindings) this.#posts.set(`/${name}`, { kind: 'binding', name });
    for (const input of topics) {
      const { pubsub, topic } = input;
      this.#posts.set(topicRouteOf(input), {
        kind: 'topic',
        topic: {
          key: topicKey(pubsub, topic),
          fallbackPath: fallbackRouteOf(topic),
          input: pubsub,
        },
      });
    }
  }

  of({ method, path, contentType, hasCaller, hasPubsub, isBulk }: HttpCallFacts): HttpCall {
    const post = method === 'POST' ? this.#posts.get(path) : undefined;
    // First, and whoever called: among the headers of an event are those of the broker's
    // message, which may say anything.
    if (post?.kind === 'topic') return post;
    if (hasCaller && !hasPubsub) return invocation;
    switch (method) {
      case 'POST':
        return post ?? unknownPost(path, contentType, isBulk);
      case 'OPTIONS':
        return this.#bindings.has(path) ? taken : notTaken;
      case 'GET':
        if (path === '/dapr/subscribe') return subscribe;
        if (path === '/dapr/config') return config;
        return path === this.#healthPath ? health : invocation;
      default:
        return invocation;
    }
  }
}

function unknownPost(
  path: string,
  contentType: string | undefined,
  isBulk: () => boolean,
): HttpCall {
  if (path.startsWith('/job/')) return job;
  if (contentType?.startsWith(eventType) === true) return declaredTopic;
  return contentType?.startsWith(bulkType) === true && isBulk() ? declaredTopic : invocation;
}

const config: HttpCall = { kind: 'config' };
const subscribe: HttpCall = { kind: 'subscribe' };
const health: HttpCall = { kind: 'health' };
const taken: HttpCall = { kind: 'probe', isTaken: true };
const notTaken: HttpCall = { kind: 'probe', isTaken: false };
const declaredTopic: HttpCall = { kind: 'declared topic' };
const job: HttpCall = { kind: 'job' };
const invocation: HttpCall = { kind: 'invocation' };

/** What daprd is to subscribe to, in the shape of the answer to `GET /dapr/subscribe`. */
export function subscriptionsOf({ topics }: EventInputs): object[] {
  return topics.map((input) => ({
    pubsubname: input.pubsub,
    topic: input.topic,
    route: topicRouteOf(input),
  }));
}

/** What daprd makes of its app's answer to an event: acknowledges it, keeps it for later, or gives it up. */
export type Fate = 'acknowledged' | 'retried' | 'dropped';

/** An event as a test thinks of it. */
export interface TopicEvent {
  readonly pubsub: string;
  readonly topic: string;
  /** Sent as JSON; its id is the event's as well. */
  readonly data: { readonly id: string };
  /** Path that a declarative Subscription names; absent: the one that the app asked for. */
  readonly route?: string;
}

/**
 * Asks and tells an app what daprd does, over one protocol, and judges its
 * answers as daprd does. A test sees what each single event came to, which
 * daprd itself does not tell.
 */
export interface DaprdStandIn {
  /** What daprd learns when it starts: topics as `<pubsub>/<topic>`, and bindings out of those given. */
  ask(components: readonly string[]): Promise<{ topics: string[]; bindings: string[] }>;
  /** Hands over one event; `ask` comes first. */
  deliver(event: TopicEvent): Promise<Fate>;
  /** Hands over several at once. @returns what each came to, by id of its data */
  deliverBulk(events: readonly TopicEvent[]): Promise<Map<string, Fate>>;
  /** @returns whether the binding's component is told that it worked */
  trigger(binding: string, data: unknown): Promise<boolean>;
  /** Calls a method of the app for somebody. @returns what it answered, out of JSON */
  invoke(method: string, data: unknown): Promise<unknown>;
  /** It is gone, and with it whatever it waits for an answer to. */
  close(): void;
}

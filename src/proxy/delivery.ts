/** Where a pod of the Function listens. */
export interface Endpoint {
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** `host:port`, IPv6 in brackets: what logs and metrics call it. */
  readonly name: string;
}

/** What a pod's answer says of the event; `error` is everything that is none of the others. */
export type Verdict = 'success' | 'retry' | 'drop' | 'error';

/**
 * What came of handing something to one pod.
 *
 * - `answered`: the pod's own answer, whatever it says.
 * - `unsuited`: the pod works, and does not take this: another one may. It saw none of it.
 * - `unreached`: the pod certainly saw none of it (refused, reset before the
 *   first byte, stream refused), so that another pod may have it.
 * - `lost`: sent in part or whole, and no answer: the pod may have worked on
 *   it, so that only daprd may send it again.
 * - `cancelled`: the caller went away or its time was up; nobody waits for an answer.
 */
export type Attempt<Answer> =
  | { readonly result: 'answered'; readonly answer: Answer; readonly verdict: Verdict }
  | { readonly result: 'unsuited' }
  | { readonly result: 'unreached'; readonly cause: string }
  | { readonly result: 'lost'; readonly cause: string }
  | { readonly result: 'cancelled' };

/** Something that daprd handed to the proxy and that one pod has to get. */
export interface Delivery<Answer> {
  /** Name of the input for metrics: component, or `invoke`, `job` and the like. Few and known. */
  readonly input: string;
  /** What it occupies while it waits. */
  readonly bytes: number;
  /** Told when the caller has gone or its deadline has passed. */
  readonly cancellation: Cancellation;
  /** Whether a pod may get it, as far as is known by now; absent where every pod may. */
  suits?(endpoint: Endpoint): boolean;
  /** Hands it to a pod, whole. Called again with another pod only after `unreached` or `unsuited`. Never rejects. */
  attempt(endpoint: Endpoint): Promise<Attempt<Answer>>;
}

/** Whether, and when, somebody stopped waiting. Lighter than an AbortSignal: one is made per event. */
export interface Cancellation {
  readonly isCancelled: boolean;
  /** Runs at most once. @returns takes the listener away again */
  onCancel(listener: () => void): () => void;
}

/** Why no pod was given it. */
export type Refusal =
  /** So much waits already that this had no room (count or bytes). */
  | 'full'
  /** All that is held already leaves no memory for it. */
  | 'memory'
  /** No pod could be reached in the time that an event may wait. */
  | 'waited'
  /** There are pods, and each says that it does not take this. */
  | 'unsuited'
  /** A sync Function, and no endpoints are configured. */
  | 'nowhere'
  /** The process is about to end. */
  | 'stopping';

/** What came of a delivery over all its attempts. */
export type Delivered<Answer> =
  | { readonly result: 'answered'; readonly answer: Answer; readonly endpoint: Endpoint }
  | { readonly result: 'lost'; readonly cause: string; readonly endpoint: Endpoint }
  | { readonly result: 'refused'; readonly why: Refusal }
  | { readonly result: 'cancelled' };

/** What protocol adapters know of the rest: give it one delivery, get one result. Never rejects. */
export interface Dispatcher {
  deliver<Answer>(delivery: Delivery<Answer>): Promise<Delivered<Answer>>;
}

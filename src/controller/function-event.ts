import type { FunctionModel } from '../api/function.ts';
import type { Notice } from '../rules/reconcile/notice.ts';

/** What is to be said about a Function. */
export interface FunctionEvent {
  readonly fn: FunctionModel;
  readonly notice: Notice;
  /** The same for the same thing, whichever process says it; different for anything else. */
  readonly identity: string;
  /** How often this process said it, this time included: more than once means that it had ceased to be so. */
  readonly times: number;
}

/**
 * Writes an Event. What goes wrong is its own to report: no reconcile fails for it.
 * Resolves with how to try again, or with undefined when there is nothing left to do.
 */
export type EventWriter = (
  event: FunctionEvent,
  signal: AbortSignal,
) => Promise<EventRetry | undefined>;

/** An Event could not be written, and may be later. */
export interface EventRetry {
  /** How long to wait at least, as the API server asks for. */
  readonly leastPauseMs: number;
  /** Whether the API server gave no answer: then no Event can be written, and none has to be given up. */
  readonly isOutage: boolean;
}

import type { ApiErrorKind } from './api-error.ts';
import { longestRequestedPauseMs } from './requested-pause.ts';

/** How a list or a watch ended. */
export type Outcome =
  | { readonly kind: 'listed' }
  /** The API server ended a watch in its own time. */
  | { readonly kind: 'closed'; readonly openMs: number; readonly listedBeforeMs: number }
  | {
      readonly kind: 'failed';
      readonly verb: 'list' | 'watch';
      readonly error: ApiErrorKind;
      /** How long a watch had been open; 0 for one that never was, and for lists. */
      readonly openMs: number;
      /** How long the API server asked to be left alone. */
      readonly retryAfterMs: number;
    };

/** What to do after that. */
export interface Step {
  readonly next: 'list' | 'watch' | 'end';
  /** Failures in a row; each one makes the wait before the next attempt longer. */
  readonly failures: number;
  /** Wait at least this long, however few failures there were. */
  readonly leastDelayMs: number;
}

/** A watch that was open this long worked: what failed before it no longer counts. */
export const healthyAfterMs = 5_000;

/**
 * A new list once in a while repairs what no watch can show, such as an API
 * server whose storage was restored from a backup.
 */
export const relistAfterMs = 60 * 60_000;

/**
 * What comes after a list or a watch.
 *
 * @param failures in a row until now
 */
export function nextStep(outcome: Outcome, failures: number): Step {
  // Failures are not forgotten yet: a watch that fails after every list must not make us list without end.
  if (outcome.kind === 'listed') return { next: 'watch', failures, leastDelayMs: 0 };
  const wasHealthy = outcome.openMs >= healthyAfterMs;
  if (outcome.kind === 'closed') {
    return {
      next: outcome.listedBeforeMs >= relistAfterMs ? 'list' : 'watch',
      // Something on the way may close every watch at once.
      failures: wasHealthy ? 0 : failures + 1,
      leastDelayMs: 0,
    };
  }
  if (outcome.verb === 'list' && outcome.error === 'not-found') {
    return { next: 'end', failures: 0, leastDelayMs: 0 };
  }
  return {
    next: outcome.verb === 'watch' && canResume(outcome.error) ? 'watch' : 'list',
    failures: wasHealthy ? 1 : failures + 1,
    leastDelayMs: Math.min(outcome.retryAfterMs, longestRequestedPauseMs),
  };
}

/** Whether all that happened since the last event can still be had. */
function canResume(error: ApiErrorKind): boolean {
  return error === 'unreachable' || error === 'timeout' || error === 'throttled';
}

/** Whether a failure belongs to normal operation, and is worth nobody's attention. */
export function isRoutine(error: ApiErrorKind): boolean {
  return error === 'gone' || error === 'not-found';
}

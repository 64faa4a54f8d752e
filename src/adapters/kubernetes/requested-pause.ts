import { ApiError } from './api-error.ts';

/** An API server under load asks for a second or so; one that asks for much more is asked again anyway. */
export const longestRequestedPauseMs = 10_000;

/** How long to leave the API server alone before what failed is tried again, as it asks for itself. */
export function requestedPauseMs(errors: readonly unknown[]): number {
  const asked = errors.map((error) => (error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0));
  return Math.min(longestRequestedPauseMs, Math.max(0, ...asked));
}

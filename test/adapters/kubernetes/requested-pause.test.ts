import { expect, test } from 'vitest';
import { ApiError } from '../../../src/adapters/kubernetes/api-error.ts';
import { requestedPauseMs } from '../../../src/adapters/kubernetes/requested-pause.ts';

function busy(retryAfterMs?: number): ApiError {
  return new ApiError('throttled', '429 Too many requests', { status: 429, retryAfterMs });
}

test.each([
  ['nothing is asked for', [busy()], 0],
  ['nothing went wrong with the API server', [new Error('a fault of ours')], 0],
  ['it asks for a second', [busy(1_000)], 1_000],
  ['it asks for several, in several answers', [busy(1_000), busy(), busy(3_000)], 3_000],
  ['it asks for an hour', [busy(3_600_000)], 10_000],
  ['it asks for what is past', [busy(-1_000)], 0],
])('the pause where %s', (_what, errors, pauseMs) => {
  expect(requestedPauseMs(errors)).toBe(pauseMs);
});

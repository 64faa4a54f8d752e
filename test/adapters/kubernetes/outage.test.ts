import { expect, test } from 'vitest';
import { ApiError, type ApiErrorKind } from '../../../src/adapters/kubernetes/api-error.ts';
import { isAway, isOutage } from '../../../src/adapters/kubernetes/outage.ts';

const noMapping =
  '403 services "x" is forbidden: cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion core.openfunction.io/v1beta2 Kind Function: no matches for kind "Function"';

test.each<
  [what: string, kind: ApiErrorKind, status: number | undefined, outage: boolean, away: boolean]
>([
  ['connect ECONNREFUSED', 'unreachable', undefined, true, true],
  ['503 apiserver is shutting down', 'refused', 503, true, true],
  [noMapping, 'refused', 403, true, true],
  // These two may be about the one object that was asked for.
  ['no answer in 10000 ms', 'timeout', undefined, true, false],
  ['500 failed calling webhook "x"', 'refused', 500, true, false],
  ['403 services is forbidden: User "x" cannot patch', 'forbidden', 403, false, false],
  ['422 Service "x" is invalid', 'refused', 422, false, false],
  ['429 too many requests', 'throttled', 429, false, false],
])('%s', (message, kind, status, outage, away) => {
  const error = new ApiError(kind, message, { status });
  expect([isOutage(error), isAway(error)]).toEqual([outage, away]);
});

test('what is no error of the API server says nothing of it', () => {
  const fault = new TypeError('a fault of ours');
  expect([isOutage(fault), isAway(fault)]).toEqual([false, false]);
});

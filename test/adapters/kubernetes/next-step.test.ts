import { describe, expect, test } from 'vitest';
import type { ApiErrorKind } from '../../../src/adapters/kubernetes/api-error.ts';
import { backoffMs } from '../../../src/adapters/kubernetes/backoff.ts';
import {
  healthyAfterMs,
  isRoutine,
  nextStep,
  relistAfterMs,
} from '../../../src/adapters/kubernetes/next-step.ts';
import { defaultReflectorTimings } from '../../../src/adapters/kubernetes/reflector.ts';
import { connectTimeoutMs } from '../../../src/adapters/kubernetes/send-request.ts';

function failed(verb: 'list' | 'watch', error: ApiErrorKind, openMs = 0, retryAfterMs = 0) {
  return { kind: 'failed', verb, error, openMs, retryAfterMs } as const;
}

describe('after a list', () => {
  test('comes a watch', () => {
    expect(nextStep({ kind: 'listed' }, 0)).toMatchObject({ next: 'watch', failures: 0 });
  });

  test('failures are not forgotten yet, or a forbidden watch would list without end', () => {
    let failures = 0;
    for (let round = 0; round < 5; round += 1) {
      const list = nextStep(failed('watch', 'forbidden'), failures);
      expect(list.next).toBe('list');
      failures = nextStep({ kind: 'listed' }, list.failures).failures;
    }
    expect(failures).toBe(5);
  });
});

describe('after a watch that the API server ended', () => {
  test('comes the next watch, at once when it had been open for a while', () => {
    const closed = { kind: 'closed', openMs: healthyAfterMs, listedBeforeMs: 0 } as const;
    expect(nextStep(closed, 7)).toMatchObject({ next: 'watch', failures: 0 });
  });

  test('comes a delay when it had hardly begun', () => {
    const closed = { kind: 'closed', openMs: 10, listedBeforeMs: 0 } as const;
    expect(nextStep(closed, 2)).toMatchObject({ next: 'watch', failures: 3 });
  });

  test('comes a list when the last one is old', () => {
    const closed = { kind: 'closed', openMs: 60_000, listedBeforeMs: relistAfterMs } as const;
    expect(nextStep(closed, 0).next).toBe('list');
  });
});

describe('after a failed watch', () => {
  for (const error of ['unreachable', 'timeout', 'throttled'] as const) {
    test(`(${error}) the next one resumes where it was`, () => {
      expect(nextStep(failed('watch', error), 1)).toMatchObject({ next: 'watch', failures: 2 });
    });
  }

  for (const error of [
    'gone',
    'malformed',
    'refused',
    'forbidden',
    'unauthorized',
    'not-found',
  ] as const) {
    test(`(${error}) only a list tells what happened`, () => {
      expect(nextStep(failed('watch', error), 0)).toMatchObject({ next: 'list', failures: 1 });
    });
  }

  test('what failed before no longer counts when it had been open for a while', () => {
    expect(nextStep(failed('watch', 'unreachable', healthyAfterMs), 9).failures).toBe(1);
  });
});

describe('after a failed list', () => {
  test('it is over when the resource is not served', () => {
    expect(nextStep(failed('list', 'not-found'), 3).next).toBe('end');
  });

  for (const error of ['gone', 'unreachable', 'forbidden', 'malformed', 'timeout'] as const) {
    test(`(${error}) it is listed again`, () => {
      expect(nextStep(failed('list', error), 0)).toMatchObject({ next: 'list', failures: 1 });
    });
  }
});

test('an API server that asks to be left alone is, within limits', () => {
  expect(nextStep(failed('list', 'throttled', 0, 1_000), 0).leastDelayMs).toBe(1_000);
  expect(nextStep(failed('watch', 'throttled', 0, 3_600_000), 0).leastDelayMs).toBe(10_000);
});

test('an outage of any length is caught up with in less than 5 s', () => {
  const longestMs = backoffMs(defaultReflectorTimings.backoff, Number.MAX_SAFE_INTEGER, 1);
  expect(longestMs + connectTimeoutMs).toBeLessThan(5_000);
});

test('expired history and absent definitions are routine', () => {
  expect(
    ['gone', 'not-found', 'forbidden', 'unreachable'].map((kind) =>
      isRoutine(kind as ApiErrorKind),
    ),
  ).toEqual([true, true, false, false]);
});

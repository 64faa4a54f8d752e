import { expect, test } from 'vitest';
import { ApiError, asApiError, statusError } from '../../../src/adapters/kubernetes/api-error.ts';

test('the status says what kind of error it is', () => {
  const kinds = [401, 403, 404, 410, 429, 500, 504, 302].map(
    (code) => statusError(code, undefined).kind,
  );
  expect(kinds).toEqual([
    'unauthorized',
    'forbidden',
    'not-found',
    'gone',
    'throttled',
    'refused',
    'refused',
    'refused',
  ]);
});

test('an expired continue token is gone, whatever the status', () => {
  expect(statusError(400, { reason: 'Expired' }).kind).toBe('gone');
  expect(statusError(500, { reason: 'Gone' }).kind).toBe('gone');
});

test('the message of the API server is kept, in one line of limited length', () => {
  const error = statusError(403, { message: `first\nsecond ${'x'.repeat(5_000)}` });
  expect(error.message).toMatch(/^403 first second x+…$/);
  expect(error.message.length).toBeLessThan(510);
});

test('the wait that an API server asks for is taken from the header, else from the body', () => {
  const body = { details: { retryAfterSeconds: 2 } };
  expect(statusError(429, body).retryAfterMs).toBe(2_000);
  expect(statusError(429, body, 1_000).retryAfterMs).toBe(1_000);
  expect(statusError(429, 'slow down').retryAfterMs).toBeUndefined();
});

test('whatever was thrown becomes an ApiError with its cause, once', () => {
  const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  const error = asApiError(reset);
  expect(error).toMatchObject({ kind: 'unreachable', cause: reset });
  expect(asApiError(error)).toBe(error);
  expect(asApiError('text')).toMatchObject({ message: 'text' });
  expect(asApiError(reset, 'malformed')).toBeInstanceOf(ApiError);
});

test('the message tells the code, once', () => {
  const messageOf = (message: string, code: string): string =>
    asApiError(Object.assign(new Error(message), { code })).message;
  expect(messageOf('aborted', 'ECONNRESET')).toBe('aborted (ECONNRESET)');
  expect(messageOf('connect ECONNREFUSED [::1]:6443', 'ECONNREFUSED')).toBe(
    'connect ECONNREFUSED [::1]:6443',
  );
  // What Node throws when every address of a host failed.
  expect(messageOf('', 'ECONNREFUSED')).toBe('ECONNREFUSED');
  expect(asApiError(new TypeError()).message).toBe('TypeError');
});

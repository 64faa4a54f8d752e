import { ApiError } from './api-error.ts';

/** No answer, or one that says that the API server is starting, ending or overwhelmed. */
export function isOutage(cause: unknown): boolean {
  if (!(cause instanceof ApiError)) return false;
  const { kind, status = 0 } = cause;
  return kind === 'unreachable' || kind === 'timeout' || status >= 500 || isStarting(cause);
}

/**
 * Whether the API server as a whole takes no work, so that it has nothing to do with
 * what was asked for: an answer of 500 may be about one object, for as long as that is
 * as it is.
 */
export function isAway(cause: unknown): boolean {
  if (!(cause instanceof ApiError)) return false;
  const { kind, status } = cause;
  return kind === 'unreachable' || status === 503 || isStarting(cause);
}

/**
 * One that has just started may not know of custom resources for half a minute, and
 * take no object whose owner is one of those (OwnerReferencesPermissionEnforcement).
 */
function isStarting({ status, message }: ApiError): boolean {
  return status === 403 && message.includes('cannot find RESTMapping');
}

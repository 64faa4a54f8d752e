import { asApiError } from './api-error.ts';
import type { ApiResource } from './api-resource.ts';
import { Deadline } from './deadline.ts';
import { describeFailure, type RequestVerb } from './describe-failure.ts';

/** What is asked of an API server, in the words of RBAC. */
export interface Request {
  readonly verb: RequestVerb;
  readonly resource: Pick<ApiResource, 'group' | 'plural'>;
  /** Undefined for what is in no namespace. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/**
 * Sends a request, and gives up on it when the time is over.
 *
 * @throws ApiError that says what was asked for and which right is missing, and the
 *   signal's reason once it aborts
 */
export async function sendWithin<Result>(
  timeoutMs: number,
  { verb, resource, namespace, name }: Request,
  signal: AbortSignal,
  send: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = new Deadline(signal, timeoutMs);
  try {
    return await send(deadline.signal);
  } catch (thrown) {
    signal.throwIfAborted();
    throw describeFailure(verb, resource, namespace, asApiError(thrown), name);
  } finally {
    deadline.end();
  }
}

import type { Delivered } from '../../../proxy/delivery.ts';
import { explainRefusal } from '../../../proxy/explain-refusal.ts';
import type { Caller } from './caller.ts';
import { type Status, StatusCode } from './status.ts';

/**
 * How a call ends that no pod answered: UNAVAILABLE, which daprd takes for "again",
 * unless its own deadline passed. Undefined where nobody waits for it.
 */
export function statusWithoutAnswer(
  delivered: Exclude<Delivered<unknown>, { readonly result: 'answered' }>,
  caller: Pick<Caller, 'isOverdue'>,
): Status | undefined {
  if (delivered.result === 'refused') {
    return { code: StatusCode.unavailable, message: explainRefusal(delivered.why) };
  }
  if (caller.isOverdue) {
    return { code: StatusCode.deadlineExceeded, message: 'the deadline passed' };
  }
  if (delivered.result === 'cancelled') return undefined;
  const message = `pod ${delivered.endpoint.name} did not answer: ${delivered.cause}`;
  return { code: StatusCode.unavailable, message };
}

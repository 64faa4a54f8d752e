import type { Delivered } from '../../../proxy/delivery.ts';
import { explainRefusal } from '../../../proxy/explain-refusal.ts';
import type { Caller } from './caller.ts';
import { type Status, StatusCode } from './status.ts';

/**
 * How a call ends that no pod answered: UNAVAILABLE, which daprd takes for "again",
 * whatever the reason. Undefined where nobody waits for it.
 */
export function statusWithoutAnswer(
  delivered: Exclude<Delivered<unknown>, { readonly result: 'answered' }>,
  caller: Caller,
): Status | undefined {
  switch (delivered.result) {
    case 'lost': {
      const message = `pod ${delivered.endpoint.name} did not answer: ${delivered.cause}`;
      return { code: StatusCode.unavailable, message };
    }
    case 'refused':
      return { code: StatusCode.unavailable, message: explainRefusal(delivered.why) };
    case 'cancelled':
      return caller.isOverdue
        ? { code: StatusCode.deadlineExceeded, message: 'the deadline passed' }
        : undefined;
  }
}

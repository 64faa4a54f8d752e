import type { AdmissionRequest } from '../../admission/admission-review.ts';
import type { ReviewOutcome } from '../../admission/review-outcome.ts';
import { asText, at } from '../../api/json.ts';
import type { Logger } from '../log.ts';

/** Longest name in Kubernetes; a client that sends more does not fill the log with it. */
const loggedMaxLength = 253;

/** One line per admission. Names only: never what an object contains. */
export function logReview(
  log: Logger,
  endpoint: { readonly webhook: string; readonly resource: string },
  request: AdmissionRequest,
  review: ReviewOutcome,
  milliseconds: number,
): void {
  if (!log.isLevelEnabled('info')) return;
  const { object } = request;
  const name = request.name !== '' ? request.name : asText(at(object, 'metadata', 'name'));
  log.info(
    {
      uid: cut(request.uid),
      webhook: endpoint.webhook,
      resource: endpoint.resource,
      operation: cut(request.operation),
      namespace: cut(request.namespace),
      ...(name === undefined
        ? { generateName: cut(asText(at(object, 'metadata', 'generateName')) ?? '') }
        : { name: cut(name) }),
      ...(review.functionName === undefined ? {} : { function: cut(review.functionName) }),
      ...(review.mode === undefined ? {} : { mode: review.mode }),
      outcome: review.outcome,
      ...(review.skipReason === undefined ? {} : { skipReason: review.skipReason }),
      milliseconds: Math.round(milliseconds * 1000) / 1000,
    },
    'admission',
  );
}

function cut(text: string): string {
  return text.length <= loggedMaxLength ? text : `${text.slice(0, loggedMaxLength)}...`;
}

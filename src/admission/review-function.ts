import { functionVersionOf } from '../api/function.ts';
import { asObject, at, type JsonObject } from '../api/json.ts';
import { functionGroup } from '../api/keys.ts';
import { defaultFunction } from '../rules/function/function-defaults.ts';
import { validateFunction } from '../rules/function/function-validation.ts';
import { describeProblem, type Problem } from '../rules/function/problem.ts';
import type { AdmissionRequest, DenialStatus } from './admission-review.ts';
import type { FunctionSource } from './function-source.ts';
import { type Reviewer, type ReviewOutcome, type SkipReason, skipped } from './review-outcome.ts';

/** HTTP status of a denial: the object is understood and wrong. */
const unprocessable = 422;

/** `POST /mutate/functions`: writes the annotation defaults. */
export function functionMutator(): Reviewer {
  return (request) => {
    const { object } = request;
    const skipReason = skipReasonOf(request);
    if (object === undefined || skipReason !== undefined) return skipped(skipReason ?? 'not-ours');
    const defaults = defaultFunction(object, storedObject(request));
    return {
      answer: { patch: defaults.patch, warnings: defaults.warnings },
      outcome: defaults.patch.length === 0 ? 'unchanged' : 'patched',
      functionName: nameOf(request, object),
      mode: defaults.mode,
    };
  };
}

/** `POST /validate/functions`: denies what cannot work, warns of what may not. */
export function functionValidator(source: FunctionSource): Reviewer {
  return (request): ReviewOutcome => {
    const { object, namespace } = request;
    const skipReason = skipReasonOf(request);
    if (object === undefined || skipReason !== undefined) return skipped(skipReason ?? 'not-ours');
    const { problems, warnings, mode, invalidAnnotations } = validateFunction(
      object,
      namespace,
      storedObject(request),
      source.components(namespace),
    );
    const name = nameOf(request, object);
    const answer = { patch: [], warnings };
    return problems.length === 0
      ? { answer, outcome: 'unchanged', functionName: name, mode, invalidAnnotations }
      : {
          answer: { ...answer, denial: denialOf(name, problems) },
          outcome: 'denied',
          functionName: name,
          mode,
        };
  };
}

/**
 * What no rule is about is allowed unread: this server may be registered for
 * more than it should be, and must not block what is not ours.
 */
function skipReasonOf(request: AdmissionRequest): SkipReason | undefined {
  const { operation, object, subResource } = request;
  if (operation !== 'CREATE' && operation !== 'UPDATE') return 'not-ours';
  if (subResource !== '' || object === undefined) return 'not-ours';
  if (functionVersionOf(object) === undefined) return 'not-ours';
  return asObject(at(object, 'spec', 'serving')) === undefined ? 'no-serving' : undefined;
}

/** The stored object, on UPDATE alone. */
function storedObject({ operation, oldObject }: AdmissionRequest): JsonObject | undefined {
  return operation === 'UPDATE' ? (oldObject ?? {}) : undefined;
}

function nameOf(request: AdmissionRequest, object: JsonObject): string {
  const name = at(object, 'metadata', 'name') ?? at(object, 'metadata', 'generateName');
  return request.name !== '' ? request.name : typeof name === 'string' ? name : '';
}

/** A Status in the words of the API server's own validation. */
function denialOf(name: string, problems: readonly Problem[]): DenialStatus {
  const lines = problems.map(describeProblem);
  const list = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  return {
    code: unprocessable,
    reason: 'Invalid',
    message: `Function.${functionGroup} "${name}" is invalid: ${list}`,
    details: {
      name,
      group: functionGroup,
      kind: 'Function',
      causes: problems.map(({ field, reason, message }) => ({ reason, message, field })),
    },
  };
}

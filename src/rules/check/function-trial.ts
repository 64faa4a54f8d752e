import { asText, at, type JsonObject } from '../../api/json.ts';
import {
  type FunctionVersion,
  functionGroup,
  OpenFunctionAnnotation,
  projectName,
} from '../../api/keys.ts';
import { error, type Finding, ok, type Question, warning } from './finding.ts';
import { type LookedUp, unanswered } from './looked-up.ts';
import { isDenial, namesOwnWebhook, type Trial } from './trial.ts';

/** Both dry runs of Functions. */
export interface FunctionTrials {
  readonly namespace: string;
  /** One with an output and no annotations. */
  readonly plain: LookedUp<Trial>;
  /** One whose mode is no mode. */
  readonly invalid: LookedUp<Trial>;
}

const defaulted: Question = {
  id: 'dry-run-function',
  section: 'admission',
  title: 'a Function gets its defaults',
};
const denied: Question = {
  id: 'dry-run-invalid-function',
  section: 'admission',
  title: 'an invalid Function is denied',
};

/** A mode that nobody ever meant. */
const invalidMode = 'none-such';

/** A Function for a dry run, such as OpenFunction accepts. */
export function trialFunction(
  version: FunctionVersion,
  namespace: string,
  isValid: boolean,
): JsonObject {
  const component = 'out';
  const output =
    version === 'v1beta1'
      ? { name: 'out', component, operation: 'create' }
      : { dapr: { name: component, operation: 'create' } };
  const annotations = { [OpenFunctionAnnotation.daprServiceMode]: invalidMode };
  return {
    apiVersion: `${functionGroup}/${version}`,
    kind: 'Function',
    metadata: { name: `${projectName}-check`, namespace },
    spec: {
      version: 'v1.0.0',
      image: 'example.com/check:v1',
      serving: {
        ...(version === 'v1beta1'
          ? { runtime: 'knative' }
          : { triggers: { http: { port: 8080 } } }),
        ...(isValid ? {} : { annotations }),
        outputs: [output],
        // OpenFunction's schema asks for all three.
        bindings: { [component]: { type: 'bindings.http', version: 'v1', metadata: [] } },
      },
    },
  };
}

/**
 * Does admission of Functions work, through the API server and with nothing stored?
 *
 * @param trials undefined where Functions are not served
 */
export function functionTrials(trials: LookedUp<FunctionTrials | undefined>): Finding[] {
  const questions = [defaulted, denied];
  if (trials.kind !== 'found') return questions.map((one) => unanswered(one, trials));
  if (trials.value !== undefined) return [defaultsOf(trials.value), denialOf(trials.value)];
  return questions.map((question) =>
    warning(question, 'not tried: Functions are not served', 'Install OpenFunction first.'),
  );
}

/** Where the failure policy lets objects pass, nobody is told why a webhook was not reached. */
const seeWhy = `The checks above tell what is in the way. Where they are green, API servers do not reach the webhook's port: see firewalls and NetworkPolicies, and "failed calling webhook" in the API server's log.`;

function defaultsOf({ plain, namespace }: FunctionTrials): Finding {
  if (plain.kind !== 'found') return unanswered(defaulted, plain);
  const { value } = plain;
  if (value.kind === 'refused') return refusal(defaulted, value.message);
  const { enableDapr, daprServiceMode } = OpenFunctionAnnotation;
  const annotations = at(value.object, 'spec', 'serving', 'annotations');
  const enabled = asText(at(annotations, enableDapr));
  const mode = asText(at(annotations, daprServiceMode));
  return enabled === 'true' && mode === 'standalone'
    ? ok(defaulted, `a dry run in namespace ${namespace} came back in standalone mode`)
    : error(
        defaulted,
        `a dry run in namespace ${namespace} came back without them: the webhook was not called, or not reached`,
        seeWhy,
      );
}

function denialOf({ invalid, namespace }: FunctionTrials): Finding {
  if (invalid.kind !== 'found') return unanswered(denied, invalid);
  const { value } = invalid;
  if (value.kind === 'accepted') {
    return error(
      denied,
      `a dry run in namespace ${namespace} was let through: the webhook was not called, or not reached`,
      seeWhy,
    );
  }
  return namesOwnWebhook(value.message) && isDenial(value.message)
    ? ok(denied, `a dry run in namespace ${namespace} was`)
    : refusal(denied, value.message);
}

function refusal(question: Question, message: string): Finding {
  return namesOwnWebhook(message)
    ? error(question, message, seeWhy)
    : warning(
        question,
        `not tried: somebody else refuses the dry run: ${message}`,
        'See what that is; it refuses Functions of users as well.',
      );
}

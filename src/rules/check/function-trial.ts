import { at, type JsonObject } from '../../api/json.ts';
import {
  type FunctionVersion,
  functionGroup,
  OpenFunctionAnnotation,
  projectName,
} from '../../api/keys.ts';
import type { EffectiveMode } from '../effective-mode.ts';
import { error, type Finding, ok, type Question, warning } from './finding.ts';
import { allFound, type LookedUp, unanswered } from './looked-up.ts';
import { isDenial, namesOwnWebhook, type Trial, trialModes } from './trial.ts';

/** The dry runs of Functions. */
export interface FunctionTrials {
  readonly namespace: string;
  /** One that defaults bring into each mode. */
  readonly inModes: Readonly<Record<EffectiveMode, LookedUp<Trial>>>;
  /** One whose annotation asks for a mode that is none. */
  readonly invalid: LookedUp<Trial>;
}

const defaulted: Question = {
  id: 'dry-run-function',
  section: 'admission',
  title: 'a Function gets its defaults, in each mode',
};
const denied: Question = {
  id: 'dry-run-invalid-function',
  section: 'admission',
  title: 'an invalid Function is denied',
};

/** A mode that nobody ever meant. */
const invalidMode = 'none-such';

const { enableDapr, daprServiceMode } = OpenFunctionAnnotation;

/** What a Function of a dry run says of Dapr. */
interface TrialKind {
  readonly hasOutput: boolean;
  /** Value of the annotation, where it has one. */
  readonly mode?: string;
}

const kinds: Readonly<Record<EffectiveMode | 'invalid', TrialKind>> = {
  standalone: { hasOutput: true },
  sidecar: { hasOutput: true, mode: 'sidecar' },
  disabled: { hasOutput: false },
  invalid: { hasOutput: true, mode: invalidMode },
};

/** What defaults make of the annotations; each of these lacks at least one of them before. */
const defaults: Readonly<Record<EffectiveMode, Readonly<Record<string, string>>>> = {
  standalone: { [enableDapr]: 'true', [daprServiceMode]: 'standalone' },
  sidecar: { [enableDapr]: 'true', [daprServiceMode]: 'sidecar' },
  disabled: { [enableDapr]: 'false' },
};

/** A Function for a dry run, such as OpenFunction accepts. */
export function trialFunction(
  version: FunctionVersion,
  namespace: string,
  kind: EffectiveMode | 'invalid',
): JsonObject {
  const { hasOutput, mode } = kinds[kind];
  const component = 'out';
  const output =
    version === 'v1beta1'
      ? { name: 'out', component, operation: 'create' }
      : { dapr: { name: component, operation: 'create' } };
  // OpenFunction's schema asks for all three.
  const binding = { type: 'bindings.http', version: 'v1', metadata: [] };
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
        ...(mode === undefined ? {} : { annotations: { [daprServiceMode]: mode } }),
        ...(hasOutput ? { outputs: [output], bindings: { [component]: binding } } : {}),
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

function defaultsOf({ inModes, namespace }: FunctionTrials): Finding {
  const known = allFound(inModes);
  if (known.kind !== 'found') return unanswered(defaulted, known);
  const refused = trialModes.map((mode) => known.value[mode]).find(isRefused);
  if (refused !== undefined) return refusal(defaulted, refused.message);
  const lacking = trialModes.filter((mode) => !hasDefaults(mode, known.value[mode]));
  return lacking.length === 0
    ? ok(defaulted, `dry runs in namespace ${namespace} came back with them`)
    : error(
        defaulted,
        `dry runs in namespace ${namespace} came back without them (${lacking.join(', ')}): the webhook was not called, or not reached`,
        seeWhy,
      );
}

function isRefused(trial: Trial): trial is Extract<Trial, { kind: 'refused' }> {
  return trial.kind === 'refused';
}

function hasDefaults(mode: EffectiveMode, trial: Trial): boolean {
  const object = trial.kind === 'accepted' ? trial.object : {};
  return Object.entries(defaults[mode]).every(
    ([key, value]) => at(object, 'spec', 'serving', 'annotations', key) === value,
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

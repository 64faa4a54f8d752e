import type { FunctionModel } from '../../api/function.ts';
import { asText, at, type JsonObject, objectsOf } from '../../api/json.ts';
import {
  BaasLabel,
  DaprAnnotation,
  daprdContainer,
  EnvVar,
  functionContainerName,
  OpenFunctionLabel,
  projectName,
} from '../../api/keys.ts';
import { type EffectiveMode, effectiveMode } from '../effective-mode.ts';
import { isLabelValue } from '../names.ts';
import { podAnnotations } from '../pod/pod-annotations.ts';
import { error, type Finding, ok, type Question, warning } from './finding.ts';
import { type LookedUp, unanswered } from './looked-up.ts';
import { namesOwnWebhook, type Trial, trialModes } from './trial.ts';

/** A dry run of a Pod of a Function. */
export interface PodTrial {
  readonly fn: FunctionModel;
  readonly pod: JsonObject;
  readonly trial: LookedUp<Trial>;
}

/** The dry run for each mode; undefined where no Function is in it. */
export type PodTrials = Readonly<Record<EffectiveMode, PodTrial | undefined>>;

/**
 * The Function whose Pod is tried, for each mode. One that API servers ask the
 * webhook about comes first, so that a namespace which an admin left out is not
 * mistaken for a fault of its own.
 *
 * @param isSelected whether the webhook is called for Pods in a namespace
 */
export function functionsToTry(
  functions: readonly FunctionModel[],
  isSelected: (namespace: string) => boolean,
): Readonly<Record<EffectiveMode, FunctionModel | undefined>> {
  const first = (mode: EffectiveMode): FunctionModel | undefined => {
    const inMode = functions.filter(
      (fn) =>
        fn.serving !== undefined &&
        !fn.isDeleting &&
        isLabelValue(fn.name) &&
        effectiveMode(fn.serving).mode === mode,
    );
    return inMode.find(({ namespace }) => isSelected(namespace)) ?? inMode[0];
  };
  return {
    standalone: first('standalone'),
    sidecar: first('sidecar'),
    disabled: first('disabled'),
  };
}

/** A Pod for a dry run: as small as can be, and such as strict namespaces accept. */
export function trialPod(fn: FunctionModel): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${projectName}-check-`,
      namespace: fn.namespace,
      labels: { [OpenFunctionLabel.function]: fn.name },
    },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: functionContainerName,
          image: 'example.com/check:v1',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          resources: {
            requests: { cpu: '1m', memory: '1Mi' },
            limits: { cpu: '1m', memory: '1Mi' },
          },
        },
      ],
    },
  };
}

/** Does admission bring Pods into the mode of their Function, for each mode? */
export function podTrials(trials: LookedUp<PodTrials>): Finding[] {
  return trialModes.map((mode) => {
    const question: Question = {
      id: `dry-run-pod-${mode}`,
      section: 'admission',
      title: `a Pod of a Function in ${mode} mode is admitted in it`,
    };
    if (trials.kind !== 'found') return unanswered(question, trials);
    const trial = trials.value[mode];
    return trial === undefined
      ? ok(question, `not tried: no Function is in ${mode} mode`)
      : judge(question, mode, trial);
  });
}

function judge(question: Question, mode: EffectiveMode, { fn, pod, trial }: PodTrial): Finding {
  if (trial.kind !== 'found') return unanswered(question, trial);
  const { value } = trial;
  if (value.kind === 'refused') {
    return namesOwnWebhook(value.message)
      ? error(question, value.message, seeWhy)
      : warning(
          question,
          `not tried: somebody else refuses the dry run: ${value.message}`,
          'See what that is; it may refuse the Pods of Functions as well.',
        );
  }
  const what = `a dry run for Function ${fn.name} in namespace ${fn.namespace}`;
  const labels = at(value.object, 'metadata', 'labels');
  const admittedIn = asText(at(labels, BaasLabel.mode));
  if (admittedIn === undefined) {
    return error(
      question,
      `${what} came back unchanged: the webhook was not called or not reached, or does not know the Function yet`,
      seeWhy,
    );
  }
  if (admittedIn !== mode) {
    return error(
      question,
      `${what} came back in ${admittedIn} mode`,
      'Run this again; if the Function did not just change, restart the webhook and report this.',
    );
  }
  const missing = missingFrom(value.object, fn, pod, mode);
  return missing.length > 0
    ? error(
        question,
        `${what} came back with its label, but without ${missing.join(' and ')}`,
        'Another webhook takes it away again: see kubectl get mutatingwebhookconfigurations.',
      )
    : ok(question, `${what}${mode === 'sidecar' ? daprdSeen(value.object) : ''}`);
}

const seeWhy =
  'The checks above tell what is in the way. Where they are green, see the webhook\'s log for the Function, and "failed calling webhook" in the API server\'s.';

/** What the mode asks for and the Pod came back without. */
function missingFrom(
  admitted: JsonObject,
  fn: FunctionModel,
  pod: JsonObject,
  mode: EffectiveMode,
): string[] {
  const wanted = podAnnotations(pod, fn, mode).get(DaprAnnotation.enabled);
  const enabled = at(admitted, 'metadata', 'annotations', DaprAnnotation.enabled);
  const hasHost = objectsOf(at(admitted, 'spec', 'containers')).some(({ item }) =>
    objectsOf(item['env']).some(({ item: variable }) => variable['name'] === EnvVar.daprHost),
  );
  return [
    ...(enabled === wanted ? [] : [`${DaprAnnotation.enabled}: "${wanted}"`]),
    ...(mode === 'standalone' && !hasHost ? [EnvVar.daprHost] : []),
  ];
}

/** Dapr's injector passes over Pods that no controller of Kubernetes makes, so that its absence says nothing. */
function daprdSeen(admitted: JsonObject): string {
  const lists = [at(admitted, 'spec', 'containers'), at(admitted, 'spec', 'initContainers')];
  const isThere = lists.some((list) =>
    objectsOf(list).some(({ item }) => item['name'] === daprdContainer),
  );
  return isThere
    ? ', with a daprd'
    : '; whether Dapr adds its daprd is seen in Pods of controllers alone';
}

import {
  componentPathOf,
  type DaprUse,
  type DeclaredComponent,
  type FunctionModel,
  fieldsPathOf,
  readFunction,
  type ServingModel,
} from '../../api/function.ts';
import { asObject, at, type JsonObject, jsonEquals, own } from '../../api/json.ts';
import { DaprAnnotation, OpenFunctionAnnotation, Port } from '../../api/keys.ts';
import type { ComponentLookup } from '../context/component-lookup.ts';
import {
  type EffectiveMode,
  effectiveMode,
  enableValues,
  serviceModes,
} from '../effective-mode.ts';
import { appIdMaxLength, isDnsLabel, isLabelValue } from '../names.ts';
import { overrideAdvice } from './override-advice.ts';
import {
  annotationPath,
  describeProblem,
  duplicate,
  invalid,
  notAString,
  notSupported,
  type Problem,
} from './problem.ts';

export interface FunctionVerdict {
  /** Why the Function is denied; empty when it is allowed. */
  readonly problems: Problem[];
  /** What the user should hear about although it is allowed. */
  readonly warnings: string[];
  readonly mode: EffectiveMode;
  /** Annotations whose value is neither of the allowed ones; they count as unset. */
  readonly invalidAnnotations: readonly string[];
}

/**
 * Says what is wrong with a Function (behaviour: function validation).
 *
 * Ratcheting: on UPDATE, a problem that the stored object has already, in a
 * field that did not change, is a warning. Nobody is locked out of editing what
 * was stored before this webhook came.
 *
 * @param oldObject the stored Function on UPDATE, undefined on CREATE
 * @param components those of the Function's namespace
 */
export function validateFunction(
  object: JsonObject,
  namespace: string,
  oldObject: JsonObject | undefined,
  components: ComponentLookup,
): FunctionVerdict {
  const fn = readFunction(object, namespace);
  const { mode, invalid: invalidAnnotations } = effectiveMode(fn?.serving);
  if (fn?.serving === undefined) return { problems: [], warnings: [], mode, invalidAnnotations };
  const found = problemsOf(object, fn.serving);
  const stored = storedProblems(oldObject, namespace);
  const isStored = (problem: Problem): boolean => {
    const old = stored.get(keyOf(problem));
    return old !== undefined && jsonEquals(old.value, problem.value);
  };
  return {
    problems: found.filter((problem) => !isStored(problem)),
    warnings: [
      ...found.filter(isStored).map((problem) => `${describeProblem(problem)} (stored before)`),
      ...advice(fn, fn.serving, components),
      ...overrideAdvice(object, fn),
    ],
    mode,
    invalidAnnotations,
  };
}

function storedProblems(
  oldObject: JsonObject | undefined,
  namespace: string,
): Map<string, Problem> {
  if (oldObject === undefined) return new Map();
  const serving = readFunction(oldObject, namespace)?.serving;
  const problems = serving === undefined ? [] : problemsOf(oldObject, serving);
  return new Map(problems.map((problem) => [keyOf(problem), problem]));
}

/** A field can have several problems, of different kinds. */
function keyOf({ field, reason }: Problem): string {
  return `${reason} ${field}`;
}

/** What denies. */
function problemsOf(object: JsonObject, serving: ServingModel): Problem[] {
  return [
    ...annotationProblems(asObject(at(object, 'spec', 'serving', 'annotations'))),
    ...duplicateComponents(serving),
  ];
}

function annotationProblems(annotations: JsonObject | undefined): Problem[] {
  const problems: Problem[] = [];
  const check = (annotation: string, examine: (value: string) => Problem | undefined): void => {
    const value = own(annotations, annotation);
    if (value === undefined) return;
    const field = annotationPath(annotation);
    const problem = typeof value === 'string' ? examine(value) : notAString(field, value);
    if (problem !== undefined) problems.push(problem);
  };
  const checkValues = (annotation: string, supported: readonly string[]): void =>
    check(annotation, (value) =>
      supported.includes(value)
        ? undefined
        : notSupported(annotationPath(annotation), value, supported),
    );
  checkValues(OpenFunctionAnnotation.enableDapr, enableValues);
  checkValues(OpenFunctionAnnotation.daprServiceMode, serviceModes);
  check(DaprAnnotation.appId, (value) =>
    isDnsLabel(value, appIdMaxLength)
      ? undefined
      : invalid(
          annotationPath(DaprAnnotation.appId),
          value,
          `must be a DNS label of at most ${appIdMaxLength} characters (lower case letters, digits and '-', starting and ending with a letter or digit), because Dapr names a Service <app-id>-dapr`,
        ),
  );
  return problems;
}

function duplicateComponents(serving: ServingModel): Problem[] {
  if (serving.components.every(({ block }) => block !== 'pubsub')) return [];
  const bindings = new Set(
    serving.components.filter(({ block }) => block === 'bindings').map(({ name }) => name),
  );
  return serving.components
    .filter(({ block, name }) => block === 'pubsub' && bindings.has(name))
    .map(({ name }) =>
      duplicate(
        `spec.serving.pubsub[${name}]`,
        name,
        'also declared in spec.serving.bindings; give one of them another name',
      ),
    );
}

/** What only warns: it may become right later, or is merely without effect. */
function advice(fn: FunctionModel, serving: ServingModel, components: ComponentLookup): string[] {
  const uses = [...serving.inputs, ...serving.passiveInputs, ...serving.outputs, ...serving.states];
  // Of two with one name the first counts, as everywhere.
  const declared = new Map(serving.components.toReversed().map((one) => [one.name, one]));
  return [
    ...uses.flatMap((use) => useAdvice(fn, use, declared.get(use.component), components)),
    ...stateNamesakes(serving),
    ...sharedInputKeys(fn, serving),
    ...unusedInputs(fn, serving),
    ...nameAdvice(fn),
    ...portAdvice(fn),
    ...protocolAdvice(fn, serving),
  ];
}

/** What the Dapr proxy speaks; the sidecar speaks more. */
const proxyProtocols: readonly string[] = ['grpc', 'http'];

function protocolAdvice(fn: FunctionModel, serving: ServingModel): string[] {
  const protocol = serving.annotations[DaprAnnotation.appProtocol];
  if (protocol === undefined || protocol === '' || effectiveMode(serving).mode !== 'standalone') {
    return [];
  }
  if (proxyProtocols.includes(protocol.toLowerCase())) return [];
  return [
    `spec.serving.annotations[${DaprAnnotation.appProtocol}]: the Dapr proxy of Function "${fn.name.slice(0, 63)}" speaks grpc or http, and would not start with "${protocol.slice(0, 20)}"; sidecar mode has more`,
  ];
}

/** In a Pod of daprd these ports are taken, by daprd. */
function portAdvice(fn: FunctionModel): string[] {
  const taken: readonly number[] = [
    Port.daprHttp,
    Port.daprPublicHealth,
    Port.daprGrpc,
    Port.daprInternalGrpc,
  ];
  if (!taken.includes(fn.port) || effectiveMode(fn.serving).mode === 'disabled') return [];
  const field = fn.version === 'v1beta1' ? 'spec.port' : 'spec.serving.triggers.http.port';
  return [`${field}: ${fn.port} is a port of daprd, which would not start beside the function`];
}

function useAdvice(
  fn: FunctionModel,
  use: DaprUse,
  declared: DeclaredComponent | undefined,
  components: ComponentLookup,
): string[] {
  if (use.component === '') {
    return [`${componentPathOf(use)}: Required value: the ${use.kind} names no Dapr component`];
  }
  if (declared !== undefined) return missingFields(use, use.type ?? typeOrBlock(declared));
  const existing = components.byName(use.component);
  if (existing === undefined) {
    return [
      `${componentPathOf(use)}: component "${use.component}" is neither declared in this Function nor a Dapr Component in namespace "${fn.namespace}"; the ${use.kind} works once it is`,
      ...missingFields(use, use.type ?? ''),
    ];
  }
  return missingFields(use, use.type ?? existing.type);
}

function typeOrBlock(declared: DeclaredComponent): string {
  return declared.type === '' ? `${declared.block}.` : declared.type;
}

function missingFields(use: DaprUse, type: string): string[] {
  if (use.kind === 'state') return [];
  if (type.startsWith('pubsub') && use.topic === undefined) {
    return [`${fieldsPathOf(use)}.topic: Required value: a pub/sub ${use.kind} needs a topic`];
  }
  if (use.kind === 'output' && type.startsWith('bindings') && use.operation === undefined) {
    return [
      `${fieldsPathOf(use)}.operation: Required value: a binding output names its operation, for example "create"`,
    ];
  }
  return [];
}

/** A state shares the name space of Dapr Components with bindings and pub/sub. */
function stateNamesakes(serving: ServingModel): string[] {
  if (serving.components.every(({ block }) => block !== 'states')) return [];
  const taken = new Set(
    serving.components.filter(({ block }) => block !== 'states').map(({ name }) => name),
  );
  return serving.components
    .filter(({ block, name }) => block === 'states' && taken.has(name))
    .map(
      ({ name }) =>
        `spec.serving.states[${name}]: Duplicate value: "${name}": another component of this Function has the name; only that one is made`,
    );
}

/** FUNC_CONTEXT is a map, and the functions frameworks read nothing else. */
function sharedInputKeys(fn: FunctionModel, serving: ServingModel): string[] {
  const seen = new Set<string>();
  return serving.inputs
    .filter(({ key }) => seen.size === seen.add(key).size)
    .map(
      ({ path, key }) =>
        `${path}: another input is called "${key}" as well, and the functions frameworks see only the last of them; give each its own ${fn.version === 'v1beta1' ? 'name' : 'inputName'}`,
    );
}

function unusedInputs(fn: FunctionModel, serving: ServingModel): string[] {
  if (fn.version !== 'v1beta1' || serving.runtime === 'async' || serving.inputs.length === 0) {
    return [];
  }
  return [
    'spec.serving.inputs: not used, because a function with runtime "knative" is called over HTTP; use runtime "async" to be fed by Dapr',
  ];
}

function nameAdvice({ name }: FunctionModel): string[] {
  if (name === '') return [];
  if (!isLabelValue(name) || !isDnsLabel(name)) {
    return [
      `metadata.name: "${name.slice(0, 63)}" is no DNS label of at most 63 characters; names derived from it are shortened and get a hash`,
    ];
  }
  return /^[a-z]/.test(name)
    ? []
    : [
        `metadata.name: "${name}" does not begin with a letter; many API servers refuse the Services that are named after it`,
      ];
}

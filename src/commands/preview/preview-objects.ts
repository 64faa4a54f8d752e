import { applyPatch } from '../../adapters/apply-patch.ts';
import type { FileObject } from '../../adapters/files/read-objects.ts';
import { memorySource } from '../../adapters/store/memory-source.ts';
import { ObjectIndex } from '../../adapters/store/object-index.ts';
import type { FunctionSource } from '../../admission/function-source.ts';
import type { Reviewer } from '../../admission/review-outcome.ts';
import { type PodReviewSettings, podMutator } from '../../admission/review-pod.ts';
import { readComponent } from '../../api/component.ts';
import { type FunctionModel, functionVersionOf, readFunction } from '../../api/function.ts';
import { asObject, asText, at, type JsonObject } from '../../api/json.ts';
import { functionVersions } from '../../api/keys.ts';
import { readServing } from '../../api/serving.ts';
import type { EffectiveMode } from '../../rules/effective-mode.ts';
import { defaultFunction } from '../../rules/function/function-defaults.ts';
import { validateFunction } from '../../rules/function/function-validation.ts';
import { describeProblem } from '../../rules/function/problem.ts';
import { appIdOf } from '../../rules/names.ts';
import { functionPod } from '../../rules/openfunction/function-pod.ts';
import { desiredObjects } from '../../rules/proxy/desired-objects.ts';
import {
  describeOverrideProblem,
  type ProxySettings,
  proxySettingsFor,
} from '../../rules/proxy/proxy-settings.ts';
import { type AdmittedPod, previewPod } from './preview-pod.ts';

export interface PreviewSettings extends PodReviewSettings {
  /** Namespace of objects that name none. */
  readonly namespace: string;
  /** What shapes proxies, where a Function says nothing else. */
  readonly proxy: ProxySettings;
  /** Makes the token of a Secret that does not exist yet; base64, as the Secret holds it. */
  readonly newTokenBase64: () => string;
}

/** One object of the output. */
export interface PreviewItem {
  /** As it came in; undefined for one that does not exist yet. */
  readonly before: JsonObject | undefined;
  readonly after: JsonObject;
}

/** What comes of one Function: itself, its pods, and the controller's objects. */
export interface PreviewedFunction {
  readonly name: string;
  readonly namespace: string;
  readonly mode: EffectiveMode;
  /** Which rule decided the mode. */
  readonly because: string;
  readonly items: readonly PreviewItem[];
}

export interface Preview {
  readonly functions: readonly PreviewedFunction[];
  /** Pods and workloads that belong to no Function, or are left alone. */
  readonly others: readonly PreviewItem[];
  /** Warnings and what was passed over, each with its origin. */
  readonly notes: readonly string[];
  /** What makes the input invalid, each with its origin. */
  readonly problems: readonly string[];
}

interface AdmittedFunction {
  readonly fn: FunctionModel;
  readonly mode: EffectiveMode;
  readonly because: string;
  readonly item: PreviewItem;
}

/**
 * What admission and the controller make of objects, by the rules and reviewers
 * that the server runs, over a memory that holds just the input.
 */
export async function previewObjects(
  input: readonly FileObject[],
  settings: PreviewSettings,
): Promise<Preview> {
  const notes: string[] = [];
  const problems: string[] = [];
  const index = new ObjectIndex();
  const source: FunctionSource = {
    ...memorySource(index),
    // Everything there is to know is known before the first Pod is looked at.
    waitFor: async (find) => find(),
  };
  const placed = input.map(({ object, origin }) => ({
    object: withNamespace(object, settings.namespace),
    origin,
  }));
  for (const { object } of placed) remember(index, object, settings.namespace);

  const functions: AdmittedFunction[] = [];
  for (const { object, origin } of placed) {
    if (functionVersionOf(object) === undefined) continue;
    const admitted = admitFunction(object, origin, source, settings.proxy, notes, problems);
    if (admitted === undefined) continue;
    functions.push(admitted);
    index.functions.set(admitted.fn);
  }

  const review = podMutator(source, settings);
  const pods: { origin: string; before: JsonObject; pod: AdmittedPod }[] = [];
  for (const { object, origin } of placed) {
    const pod = await previewPod(object, review);
    if (pod !== undefined) {
      pods.push({ origin, before: object, pod });
      notes.push(...podNotes(origin, object, pod));
    } else if (!isSurrounding(object)) {
      notes.push(`${origin}: ${titleOf(object)}: passed over${versionHint(object)}`);
    }
  }

  const itemOf = ({ before, pod }: (typeof pods)[number]): PreviewItem => ({
    before,
    after: pod.after,
  });
  const previewed: PreviewedFunction[] = [];
  for (const { fn, mode, because, item } of functions) {
    const own = pods.filter(
      ({ pod }) => pod.functionName === fn.name && pod.namespace === fn.namespace,
    );
    const podItems = own.length > 0 ? own.map(itemOf) : await builtPod(fn, review, notes);
    const servings = source.servingsOf(fn.namespace, fn.name);
    const facts = {
      servings,
      components: source.components(fn.namespace),
      hasAnnotatedWorkload: pods.some(
        ({ pod }) => pod.namespace === fn.namespace && pod.servedAppId === appIdOf(fn),
      ),
      newTokenBase64: settings.newTokenBase64(),
    };
    const kept = desiredObjects(fn, facts, settings.proxy);
    previewed.push({
      name: fn.name,
      namespace: fn.namespace,
      mode,
      because,
      items: [item, ...podItems, ...kept.map((after) => ({ before: undefined, after }))],
    });
  }
  const made = new Set(previewed.flatMap(({ items }) => items.map(({ after }) => titleOf(after))));
  const others = pods
    .filter(({ pod }) => pod.functionName === undefined && !made.has(titleOf(pod.after)))
    .map(itemOf);
  return { functions: previewed, others, notes, problems };
}

/** Defaults and validates a Function as a CREATE; undefined when it would be denied. */
function admitFunction(
  object: JsonObject,
  origin: string,
  source: FunctionSource,
  proxy: ProxySettings,
  notes: string[],
  problems: string[],
): AdmittedFunction | undefined {
  const namespace = namespaceOf(object);
  const defaults = defaultFunction(object, undefined);
  const admitted = applyPatch(object, defaults.patch);
  const verdict = validateFunction(admitted, namespace, undefined, source.components(namespace));
  const title = titleOf(object);
  const fn = readFunction(admitted, namespace);
  // Beside the cluster's settings more overrides can be wrong than admission sees by itself.
  const overridden = fn === undefined ? [] : proxySettingsFor(fn, proxy).problems;
  const warnings = new Set([
    ...defaults.warnings,
    ...verdict.warnings,
    ...overridden.map(describeOverrideProblem),
  ]);
  for (const warning of warnings) notes.push(`${origin}: ${title}: warning: ${warning}`);
  const found = verdict.problems.map(describeProblem);
  if (fn?.name === '') found.push('metadata.name: Required value: name is required');
  problems.push(...found.map((problem) => `${origin}: ${title}: ${problem}`));
  if (fn === undefined || found.length > 0) return undefined;
  return {
    fn,
    mode: defaults.mode,
    because: defaults.because,
    item: { before: object, after: admitted },
  };
}

/** The Pod that OpenFunction would make, admitted. */
async function builtPod(
  fn: FunctionModel,
  review: Reviewer,
  notes: string[],
): Promise<PreviewItem[]> {
  const before = functionPod(fn);
  const admitted = before === undefined ? undefined : await previewPod(before, review);
  if (admitted === undefined) return [];
  notes.push(
    ...admitted.warnings.map((warning) => `Pod of Function ${fn.name}: warning: ${warning}`),
  );
  return [{ before: undefined, after: admitted.after }];
}

function podNotes(origin: string, object: JsonObject, pod: AdmittedPod): string[] {
  const title = titleOf(object);
  return [
    ...pod.warnings.map((warning) => `${origin}: ${title}: warning: ${warning}`),
    ...(pod.skipReason === undefined ? [] : [`${origin}: ${title}: left alone: ${pod.skipReason}`]),
  ];
}

/** Servings and Components decide names; they are read, and not printed. */
function remember(index: ObjectIndex, object: JsonObject, namespace: string): void {
  const serving = readServing(object, namespace);
  if (serving !== undefined) index.servings.set(serving);
  const component = readComponent(object, namespace);
  if (component !== undefined) index.components.set(component);
}

function isSurrounding(object: JsonObject): boolean {
  return (
    functionVersionOf(object) !== undefined ||
    readServing(object, '') !== undefined ||
    readComponent(object, '') !== undefined
  );
}

/** A Function that is passed over is one of another version, which its author may not expect. */
function versionHint(object: JsonObject): string {
  return object['kind'] === 'Function' ? ` (understood are ${functionVersions.join(', ')})` : '';
}

/** Kinds without a namespace; giving them one would make them invalid. */
const clusterKinds: ReadonlySet<string> = new Set([
  'Namespace',
  'Node',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
]);

function withNamespace(object: JsonObject, namespace: string): JsonObject {
  if (clusterKinds.has(asText(object['kind']) ?? '')) return object;
  const metadata = asObject(object['metadata']) ?? {};
  if (asText(metadata['namespace']) !== undefined) return object;
  return { ...object, metadata: { ...metadata, namespace } };
}

function namespaceOf(object: JsonObject): string {
  return asText(at(object, 'metadata', 'namespace')) ?? '';
}

/** `Function default/hello`, as messages name an object. */
export function titleOf(object: JsonObject): string {
  const metadata = asObject(object['metadata']);
  const name = asText(metadata?.['name']) ?? asText(metadata?.['generateName']) ?? '(no name)';
  const namespace = asText(metadata?.['namespace']);
  return `${asText(object['kind']) ?? 'object'} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

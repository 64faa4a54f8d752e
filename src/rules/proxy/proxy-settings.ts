import type { FunctionModel } from '../../api/function.ts';
import { BaasAnnotation } from '../../api/keys.ts';
import { annotationPath, quote } from '../function/problem.ts';
import { splitList } from '../split-list.ts';
import { type ExtraMetadata, readExtraAnnotations, readExtraLabels } from './extra-metadata.ts';
import { type KeyValues, readLabels } from './key-values.ts';
import { type ProxyResources, readCpu, readMemory, requestProblem } from './proxy-resources.ts';
import type { Reading } from './reading.ts';
import {
  readImage,
  readPriorityClass,
  readReplicas,
  readSecretNames,
  readSwitch,
} from './setting-readers.ts';
import { readTolerations, type Toleration } from './toleration.ts';

/** What shapes the objects of a proxy: the settings of the cluster, or of one Function. */
export interface ProxySettings extends ExtraMetadata {
  /** Image of the proxy: this project's own. */
  readonly image: string;
  readonly clusterDomain: string;
  readonly apiTokens: boolean;
  /** Whether a NetworkPolicy keeps other pods from the proxy's Dapr API. */
  readonly networkPolicy: boolean;
  /** Pods of the proxy; `unmanaged` leaves their number to an autoscaler. */
  readonly replicas: number | 'unmanaged';
  /** Of the proxy's own container; daprd's follow `dapr.io/sidecar-*` annotations. */
  readonly resources: ProxyResources;
  readonly nodeSelector: KeyValues;
  readonly tolerations: readonly Toleration[];
  readonly priorityClass: string | undefined;
  readonly imagePullSecrets: readonly string[];
}

/** Why an annotation of a Function that overrides a setting counts as unset. */
export interface OverrideProblem {
  readonly annotation: string;
  /** A sentence without the annotation's name. */
  readonly message: string;
}

/** For each setting that a Function may override: its annotation, and how that is read. */
type Readers<Settings> = {
  readonly [Name in keyof Settings]: {
    readonly annotation: string;
    readonly read: (text: string) => Reading<Settings[Name]>;
  };
};

const settingReaders: Readers<Omit<ProxySettings, 'clusterDomain' | 'resources'>> = {
  image: { annotation: BaasAnnotation.proxyImage, read: readImage },
  apiTokens: { annotation: BaasAnnotation.apiToken, read: readSwitch },
  networkPolicy: { annotation: BaasAnnotation.networkPolicy, read: readSwitch },
  replicas: { annotation: BaasAnnotation.proxyReplicas, read: readReplicas },
  nodeSelector: { annotation: BaasAnnotation.proxyNodeSelector, read: ofList(readLabels) },
  tolerations: { annotation: BaasAnnotation.proxyTolerations, read: ofList(readTolerations) },
  priorityClass: { annotation: BaasAnnotation.proxyPriorityClass, read: readPriorityClass },
  imagePullSecrets: {
    annotation: BaasAnnotation.proxyImagePullSecrets,
    read: ofList(readSecretNames),
  },
  labels: { annotation: BaasAnnotation.proxyLabels, read: ofList(readExtraLabels) },
  annotations: { annotation: BaasAnnotation.proxyAnnotations, read: ofList(readExtraAnnotations) },
};

const resourceReaders: Readers<ProxyResources> = {
  cpuRequest: { annotation: BaasAnnotation.proxyCpuRequest, read: readCpu },
  cpuLimit: { annotation: BaasAnnotation.proxyCpuLimit, read: readCpu },
  memoryRequest: { annotation: BaasAnnotation.proxyMemoryRequest, read: readMemory },
  memoryLimit: { annotation: BaasAnnotation.proxyMemoryLimit, read: readMemory },
};

const resourcePairs = [
  ['cpuRequest', 'cpuLimit'],
  ['memoryRequest', 'memoryLimit'],
] as const;

const nothingKnown: ProxyResources = {
  cpuRequest: undefined,
  cpuLimit: undefined,
  memoryRequest: undefined,
  memoryLimit: undefined,
};

/** Every annotation by which a Function overrides a setting. */
export const overrideAnnotations: readonly string[] = [
  ...Object.values(settingReaders),
  ...Object.values(resourceReaders),
].map(({ annotation }) => annotation);

/**
 * The settings that hold for a Function: the cluster's, under what it overrides.
 * Labels and annotations are added to the cluster's, other lists take their place.
 * Nothing is thrown: an override that is invalid counts as unset, and is a problem.
 */
export function proxySettingsFor(
  fn: FunctionModel,
  cluster: ProxySettings,
): { settings: ProxySettings; problems: readonly OverrideProblem[] } {
  const chosen = readOverrides(settingReaders, fn);
  const resources = resourcesFor(fn, cluster.resources);
  return {
    settings: {
      ...cluster,
      ...chosen.overrides,
      labels: { ...cluster.labels, ...chosen.overrides.labels },
      annotations: { ...cluster.annotations, ...chosen.overrides.annotations },
      resources: resources.resources,
    },
    problems: [...chosen.problems, ...resources.problems],
  };
}

/** What is wrong with the overrides of a Function, whatever the settings of its cluster are. */
export function proxyOverrideProblems(fn: FunctionModel): readonly OverrideProblem[] {
  return [
    ...readOverrides(settingReaders, fn).problems,
    ...resourcesFor(fn, nothingKnown).problems,
  ];
}

/** A problem as one line for people: where, what, and what comes of it. */
export function describeOverrideProblem({ annotation, message }: OverrideProblem): string {
  return `${annotationPath(annotation)}: ${message}; the setting of the cluster holds instead`;
}

/** A request above its limit would have the API server refuse the whole Deployment. */
function resourcesFor(
  fn: FunctionModel,
  cluster: ProxyResources,
): { resources: ProxyResources; problems: OverrideProblem[] } {
  const { overrides, problems } = readOverrides(resourceReaders, fn);
  let resources: ProxyResources = { ...cluster, ...overrides };
  for (const pair of resourcePairs) {
    const [request, limit] = pair;
    const problem = requestProblem(resources[request], resources[limit]);
    if (problem === undefined) continue;
    resources = { ...resources, [request]: cluster[request], [limit]: cluster[limit] };
    for (const name of pair.filter((one) => one in overrides)) {
      problems.push({ annotation: resourceReaders[name].annotation, message: problem });
    }
  }
  return { resources, problems };
}

function readOverrides<Settings>(
  readers: Readers<Settings>,
  fn: FunctionModel,
): { overrides: Partial<Settings>; problems: OverrideProblem[] } {
  const overrides: Partial<Settings> = {};
  const problems: OverrideProblem[] = [];
  for (const name of Object.keys(readers) as (keyof Settings & string)[]) {
    const { annotation, read } = readers[name];
    const text = fn.serving?.annotations[annotation];
    if (text === undefined) continue;
    const reading = read(text);
    if ('value' in reading) {
      overrides[name] = reading.value;
    } else {
      problems.push({
        annotation,
        message: `Invalid value: ${quote(text)}: ${reading.problem}`,
      });
    }
  }
  return { overrides, problems };
}

/** An annotation is one text; an empty one is an empty list. */
function ofList<Value>(
  read: (members: readonly string[]) => Reading<Value>,
): (text: string) => Reading<Value> {
  return (text) => read(splitList(text));
}

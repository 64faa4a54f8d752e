import type { FunctionModel } from '../../api/function.ts';
import type { JsonObject } from '../../api/json.ts';
import type { ServingReference } from '../../api/serving.ts';
import { hasApiToken } from '../pod/pod-environment.ts';
import type { ObservedPod } from '../reconcile/observed-pod.ts';
import { caBundle, type WebhookTrust } from './ca-bundle.ts';
import { configurationOrder } from './configuration-order.ts';
import { daprControlPlane } from './dapr-control-plane.ts';
import type { DeploymentState } from './deployment-state.ts';
import type { Finding } from './finding.ts';
import { functionPods } from './function-pods.ts';
import { type ForeignProxyReference, functionProxies } from './function-proxies.ts';
import { type FunctionTrials, functionTrials } from './function-trial.ts';
import { grantedRights, type ReviewedRight } from './granted-rights.ts';
import type { InstallationSettings } from './installation-settings.ts';
import { installedDeployment } from './installed-deployment.ts';
import { installedService } from './installed-service.ts';
import { kubernetesApi } from './kubernetes-api.ts';
import { ifFound, type LookedUp, mapFound } from './looked-up.ts';
import { neededWebhooks } from './needed-webhooks.ts';
import { openFunctionControlPlane } from './openfunction-control-plane.ts';
import { type PodTrials, podTrials } from './pod-trial.ts';
import { isCalledByUrl, type RegisteredConfiguration } from './registered-webhook.ts';
import type { NamespaceLabels } from './selected-namespace.ts';
import { type ServedCertificate, servedCertificate } from './served-certificate.ts';
import { type ServedResources, servedResources } from './served-resources.ts';
import { webhookRegistration } from './webhook-registration.ts';
import { webhookSelection } from './webhook-selection.ts';
import { calledPorts, webhookTarget } from './webhook-target.ts';

/** Everything that was found in a cluster, or could not be. */
export interface ClusterFacts {
  readonly installNamespace: string;
  readonly nowMs: number;
  readonly settings: InstallationSettings;
  readonly kubernetesVersion: LookedUp<string>;
  readonly served: ServedResources;
  readonly deployment: LookedUp<DeploymentState | undefined>;
  readonly service: LookedUp<JsonObject | undefined>;
  readonly readyEndpoints: LookedUp<number>;
  readonly certificate: LookedUp<ServedCertificate>;
  readonly trust: LookedUp<readonly WebhookTrust[]>;
  readonly mutating: LookedUp<readonly RegisteredConfiguration[]>;
  readonly validating: LookedUp<readonly RegisteredConfiguration[]>;
  readonly namespaces: NamespaceLabels;
  readonly reviewed: LookedUp<readonly ReviewedRight[]>;
  readonly daprInjectors: LookedUp<readonly DeploymentState[]>;
  readonly openFunction: LookedUp<readonly DeploymentState[]>;
  readonly functions: LookedUp<readonly FunctionModel[]>;
  readonly servings: LookedUp<readonly ServingReference[]>;
  readonly pods: LookedUp<readonly ObservedPod[]>;
  readonly proxies: LookedUp<readonly DeploymentState[]>;
  readonly openFunctionProxies: LookedUp<readonly ForeignProxyReference[]>;
  readonly functionTrials: LookedUp<FunctionTrials | undefined>;
  readonly podTrials: LookedUp<PodTrials>;
}

/** The answer to every question, in the order of the sections. */
export function checkCluster(facts: ClusterFacts): Finding[] {
  const { installNamespace, settings, mutating, validating, functions } = facts;
  const registration = {
    mutating: ifFound(mutating) ?? [],
    validating: ifFound(validating) ?? [],
  };
  const byUrl = isCalledByUrl(registration);
  const trials = functionTrials(facts.functionTrials);
  const isProven = trials.some(({ id, level }) => id === 'dry-run-function' && level === 'ok');
  return [
    kubernetesApi(facts.kubernetesVersion),
    ...servedResources(facts.served),
    installedDeployment(facts.deployment, installNamespace, byUrl),
    installedService(
      {
        service: facts.service,
        readyEndpoints: facts.readyEndpoints,
        calledPorts: calledPorts(registration),
      },
      installNamespace,
      byUrl,
    ),
    servedCertificate({
      certificate: facts.certificate,
      secret: settings.certificateSecret,
      isCertain: settings.doubt === undefined,
      isProven,
      nowMs: facts.nowMs,
    }),
    caBundle(facts.trust, {
      provenBy: isProven ? provenBundle(facts.trust) : undefined,
      isCertain: settings.doubt === undefined,
    }),
    webhookRegistration('mutating', mutating),
    webhookRegistration('validating', validating),
    webhookTarget(mutating, validating, installNamespace),
    configurationOrder(mutating),
    ...webhookSelection({
      mutating,
      validating,
      namespaces: facts.namespaces,
      functionNamespaces: functionNamespaces(facts),
      spared: sparedNamespaces(facts),
      functionVersions: ifFound(facts.served.functions),
    }),
    ...grantedRights({
      reviewed: facts.reviewed,
      settings,
      hasTokenFunctions: mapFound(functions, (all) => all.some((fn) => hasApiToken(fn, false))),
    }),
    daprControlPlane(facts.daprInjectors),
    openFunctionControlPlane(
      facts.openFunction,
      mapFound(facts.openFunctionProxies, (proxies) =>
        proxies.map(({ namespace, name }) => `${namespace}/${name}`),
      ),
    ),
    ...trials,
    ...podTrials(facts.podTrials),
    functionPods({ pods: facts.pods, functions, servings: facts.servings }),
    ...functionProxies(facts),
  ];
}

/** The bundle by which the dry run of a Function gets its defaults, and so through. */
function provenBundle(trust: LookedUp<readonly WebhookTrust[]>): string | undefined {
  const mutator = neededWebhooks.find(
    ({ configuration, resource }) => configuration === 'mutating' && resource === 'functions',
  );
  return ifFound(trust)?.find(({ webhook }) => webhook === mutator?.name)?.text;
}

/** Namespaces with Functions that this project is to look after, sorted. */
export function functionNamespaces({
  functions,
  installNamespace,
  settings,
}: Pick<ClusterFacts, 'functions' | 'installNamespace' | 'settings'>): LookedUp<string[]> {
  const excluded = new Set([...settings.excludedNamespaces, installNamespace]);
  return mapFound(functions, (all) => {
    const namespaces = new Set(all.map(({ namespace }) => namespace));
    return [...namespaces].filter((namespace) => !excluded.has(namespace)).toSorted();
  });
}

/** Namespaces whose Pods have to start whether this project runs or not. */
function sparedNamespaces({
  installNamespace,
  settings,
}: Pick<ClusterFacts, 'installNamespace' | 'settings'>): string[] {
  return [...new Set([...settings.excludedNamespaces, installNamespace])];
}

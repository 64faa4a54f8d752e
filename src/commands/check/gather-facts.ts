import type { ClusterLookUp } from '../../adapters/kubernetes/cluster-look-up.ts';
import { asStringMap, asText, at } from '../../api/json.ts';
import {
  DaprInjector,
  functionGroup,
  functionVersions,
  OpenFunctionController,
  projectName,
} from '../../api/keys.ts';
import { type ClusterFacts, functionNamespaces } from '../../rules/check/check-cluster.ts';
import { readDeploymentState } from '../../rules/check/deployment-state.ts';
import { ifFound, type LookedUp, mapFound } from '../../rules/check/looked-up.ts';
import { readConfiguration } from '../../rules/check/registered-webhook.ts';
import { gatherCertificate } from './gather-certificate.ts';
import { gatherFunctions } from './gather-functions.ts';
import { gatherInstallation } from './gather-installation.ts';
import { gatherRights } from './gather-rights.ts';
import { gatherTrials } from './gather-trials.ts';
import { componentVersion, resources } from './resources.ts';

/**
 * Looks at everything in a cluster that a question is about, as much as possible
 * at the same time. What cannot be seen is a fact as well.
 */
export async function gatherFacts(
  lookUp: ClusterLookUp,
  kubernetesVersion: LookedUp<string>,
  installNamespace: string,
  now: Date,
): Promise<ClusterFacts> {
  const [served, installation, registration, controlPlanes, namespaces] = await Promise.all([
    gatherServed(lookUp),
    gatherInstallation(lookUp, installNamespace),
    gatherRegistration(lookUp),
    gatherControlPlanes(lookUp),
    lookUp.list(resources.namespaces, { isMetadataOnly: true, isClusterWide: true }),
  ]);
  const { settings, deployment } = installation;
  const labels = mapFound(
    namespaces,
    (objects) =>
      new Map(
        objects.map((object) => [
          asText(at(object, 'metadata', 'name')) ?? '',
          asStringMap(at(object, 'metadata', 'labels')),
        ]),
      ),
  );
  const account = {
    namespace: installNamespace,
    name: ifFound(deployment)?.serviceAccount ?? projectName,
  };
  const [certificate, reviewed, functions] = await Promise.all([
    gatherCertificate(lookUp, settings.certificateSecret, registration, now),
    gatherRights(lookUp, account, settings),
    gatherFunctions(lookUp, served, settings.excludedNamespaces),
  ]);
  const trials = await gatherTrials(lookUp, {
    mutating: registration.mutating,
    namespaces: labels,
    functions: functions.functions,
    functionNamespaces: functionNamespaces({ ...functions, installNamespace, settings }),
    served: served.functions,
  });
  return {
    installNamespace,
    nowMs: now.getTime(),
    kubernetesVersion,
    served,
    ...installation,
    ...certificate,
    ...registration,
    ...controlPlanes,
    namespaces: labels,
    reviewed,
    ...functions,
    ...trials,
  };
}

async function gatherServed(lookUp: ClusterLookUp) {
  const { group, version } = componentVersion;
  const [functions, servings, components] = await Promise.all([
    lookUp.servedVersions(functionGroup, functionVersions, 'functions'),
    lookUp.servedVersions(functionGroup, functionVersions, 'servings'),
    lookUp.servedVersions(group, [version], 'components'),
  ]);
  return { functions, servings, components };
}

async function gatherRegistration(lookUp: ClusterLookUp) {
  const [mutating, validating] = await Promise.all([
    lookUp.list(resources.mutating, { isClusterWide: true }),
    lookUp.list(resources.validating, { isClusterWide: true }),
  ]);
  return {
    mutating: mapFound(mutating, (objects) => objects.map(readConfiguration)),
    validating: mapFound(validating, (objects) => objects.map(readConfiguration)),
  };
}

async function gatherControlPlanes(lookUp: ClusterLookUp) {
  const [daprInjectors, openFunction] = await Promise.all([
    lookUp.list(resources.deployments, { labels: `app=${DaprInjector.app}` }),
    lookUp.list(resources.deployments, {
      fields: `metadata.name=${OpenFunctionController.deployment}`,
    }),
  ]);
  return {
    daprInjectors: mapFound(daprInjectors, (objects) => objects.map(readDeploymentState)),
    openFunction: mapFound(openFunction, (objects) => objects.map(readDeploymentState)),
  };
}

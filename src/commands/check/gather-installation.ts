import type { ClusterLookUp } from '../../adapters/kubernetes/cluster-look-up.ts';
import { asText, at, type JsonObject, objectsOf } from '../../api/json.ts';
import { projectName, serviceNameLabel } from '../../api/keys.ts';
import { type DeploymentState, readDeploymentState } from '../../rules/check/deployment-state.ts';
import type { InstallationSettings } from '../../rules/check/installation-settings.ts';
import {
  describeRight,
  ifFound,
  type LookedUp,
  type LookUpFailure,
  mapFound,
} from '../../rules/check/looked-up.ts';
import { readInstallationSettings, settingsFileIn } from './read-installation-settings.ts';
import { resources } from './resources.ts';

export interface InstallationFacts {
  readonly deployment: LookedUp<DeploymentState | undefined>;
  readonly service: LookedUp<JsonObject | undefined>;
  readonly readyEndpoints: LookedUp<number>;
  readonly settings: InstallationSettings;
}

/** Deployment and Service of the installation, and the settings that it runs with. */
export async function gatherInstallation(
  lookUp: ClusterLookUp,
  namespace: string,
): Promise<InstallationFacts> {
  const [deployment, service, slices] = await Promise.all([
    lookUp.get(resources.deployments, namespace, projectName),
    lookUp.get(resources.services, namespace, projectName),
    lookUp.list(resources.endpointSlices, {
      namespace,
      labels: `${serviceNameLabel}=${projectName}`,
    }),
  ]);
  return {
    deployment: mapFound(deployment, (object) =>
      object === undefined ? undefined : readDeploymentState(object),
    ),
    service,
    readyEndpoints: mapFound(slices, countReady),
    settings: await gatherSettings(lookUp, namespace, deployment),
  };
}

async function gatherSettings(
  lookUp: ClusterLookUp,
  namespace: string,
  deployment: LookedUp<JsonObject | undefined>,
): Promise<InstallationSettings> {
  const object = ifFound(deployment);
  if (object === undefined) {
    const doubt = deployment.kind === 'found' ? 'there is no Deployment' : describe(deployment);
    return readInstallationSettings(undefined, undefined, namespace, doubt);
  }
  const file = settingsFileIn(object);
  if (file?.configMap === undefined) return readInstallationSettings(object, undefined, namespace);
  const configMap = await lookUp.get(resources.configMaps, namespace, file.configMap);
  const text = asText(at(ifFound(configMap), 'data', file.key));
  const doubt = configMap.kind === 'found' ? undefined : describe(configMap);
  return readInstallationSettings(object, text, namespace, doubt);
}

/** Why something could not be looked at, as a clause. */
function describe(failure: LookUpFailure): string {
  return failure.kind === 'forbidden'
    ? `you lack the right to ${describeRight(failure.right)}`
    : failure.problem;
}

function countReady(slices: readonly JsonObject[]): number {
  const addresses = new Set<string>();
  for (const slice of slices) {
    for (const { item } of objectsOf(slice['endpoints'])) {
      // Kubernetes means ready where it says nothing.
      if (at(item, 'conditions', 'ready') === false) continue;
      for (const address of Array.isArray(item['addresses']) ? item['addresses'] : []) {
        addresses.add(String(address));
      }
    }
  }
  return addresses.size;
}

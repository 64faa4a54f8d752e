import { asObject, asText, at, type JsonObject, objectsOf } from '../../api/json.ts';

/** What matters of a Deployment to whoever wonders whether it works. */
export interface DeploymentState {
  readonly namespace: string;
  readonly name: string;
  /** Pods that it is to have. */
  readonly wanted: number;
  /** Pods that have been ready for long enough. */
  readonly available: number;
  /** Whether the Deployment controller has caught up with the last change, and all pods are of it. */
  readonly isRolledOut: boolean;
  /** Image of each container, by name. */
  readonly images: ReadonlyMap<string, string>;
  readonly labels: JsonObject;
  readonly serviceAccount: string | undefined;
}

export function readDeploymentState(object: JsonObject): DeploymentState {
  const metadata = asObject(object['metadata']);
  const status = asObject(object['status']);
  const pod = asObject(at(object, 'spec', 'template', 'spec'));
  // Kubernetes writes 1 where a user wrote nothing.
  const wanted = numberOf(at(object, 'spec', 'replicas'), 1);
  const containers = objectsOf(pod?.['containers']).map(({ item }) => item);
  return {
    namespace: asText(metadata?.['namespace']) ?? '',
    name: asText(metadata?.['name']) ?? '',
    wanted,
    available: numberOf(status?.['availableReplicas']),
    isRolledOut:
      numberOf(status?.['observedGeneration']) >= numberOf(metadata?.['generation']) &&
      numberOf(status?.['updatedReplicas']) >= wanted,
    images: new Map(containers.map(({ name, image }) => [asText(name) ?? '', asText(image) ?? ''])),
    labels: asObject(metadata?.['labels']) ?? {},
    serviceAccount: asText(pod?.['serviceAccountName']),
  };
}

function numberOf(value: unknown, fallback = 0): number {
  return typeof value === 'number' ? value : fallback;
}

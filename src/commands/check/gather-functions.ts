import type { ClusterLookUp } from '../../adapters/kubernetes/cluster-look-up.ts';
import { readForeignProxy } from '../../adapters/kubernetes/foreign-proxies.ts';
import { type FunctionModel, readFunction } from '../../api/function.ts';
import { BaasLabel, OpenFunctionLabel } from '../../api/keys.ts';
import { readServing, type ServingReference } from '../../api/serving.ts';
import { type DeploymentState, readDeploymentState } from '../../rules/check/deployment-state.ts';
import type { ForeignProxyReference } from '../../rules/check/function-proxies.ts';
import { allFound, found, type LookedUp, mapFound } from '../../rules/check/looked-up.ts';
import type { ServedResources } from '../../rules/check/served-resources.ts';
import { type ObservedPod, readObservedPod } from '../../rules/reconcile/observed-pod.ts';
import { functionsIn, resources, servingsIn } from './resources.ts';

/** Functions and what there is around them. */
export interface FunctionFacts {
  readonly functions: LookedUp<readonly FunctionModel[]>;
  readonly servings: LookedUp<readonly ServingReference[]>;
  readonly pods: LookedUp<readonly ObservedPod[]>;
  readonly proxies: LookedUp<readonly DeploymentState[]>;
  readonly openFunctionProxies: LookedUp<readonly ForeignProxyReference[]>;
}

/** Pods that have ended need nothing any more. */
const notEnded = 'status.phase!=Succeeded,status.phase!=Failed';

/** @param excludedNamespaces whose Pods are left alone */
export async function gatherFunctions(
  lookUp: ClusterLookUp,
  served: ServedResources,
  excludedNamespaces: readonly string[],
): Promise<FunctionFacts> {
  const podsWith = (labels: string) =>
    lookUp.list(resources.pods, { labels, fields: notEnded, isMetadataOnly: true });
  const [functions, servings, ofFunctions, ofServings, proxies, openFunctionProxies] =
    await Promise.all([
      listFunctions(lookUp, served),
      listServings(lookUp, served),
      podsWith(OpenFunctionLabel.function),
      podsWith(`${OpenFunctionLabel.serving},!${OpenFunctionLabel.function}`),
      lookUp.list(resources.deployments, { labels: BaasLabel.proxy }),
      lookUp.list(resources.deployments, {
        labels: OpenFunctionLabel.proxy,
        isMetadataOnly: true,
      }),
    ]);
  const excluded = new Set(excludedNamespaces);
  return {
    functions,
    servings,
    pods: mapFound(allFound({ ofFunctions, ofServings }), (all) =>
      [...all.ofFunctions, ...all.ofServings].flatMap((object) => {
        const pod = readObservedPod(object, excluded);
        return pod === undefined ? [] : [pod];
      }),
    ),
    proxies: mapFound(proxies, (objects) => objects.map(readDeploymentState)),
    openFunctionProxies: mapFound(openFunctionProxies, (objects) =>
      objects.flatMap((object) => {
        const proxy = readForeignProxy(object);
        return proxy === undefined ? [] : [proxy];
      }),
    ),
  };
}

async function listFunctions(
  lookUp: ClusterLookUp,
  { functions }: ServedResources,
): Promise<LookedUp<readonly FunctionModel[]>> {
  if (functions.kind !== 'found') return functions;
  const [version] = functions.value;
  if (version === undefined) return found([]);
  return mapFound(await lookUp.list(functionsIn(version)), (objects) =>
    objects
      .flatMap((object) => {
        const fn = readFunction(object, '');
        return fn === undefined ? [] : [fn];
      })
      .toSorted(byPlace),
  );
}

async function listServings(
  lookUp: ClusterLookUp,
  { servings }: ServedResources,
): Promise<LookedUp<readonly ServingReference[]>> {
  if (servings.kind !== 'found') return servings;
  const [version] = servings.value;
  if (version === undefined) return found([]);
  const listed = await lookUp.list(servingsIn(version), { isMetadataOnly: true });
  return mapFound(listed, (objects) =>
    objects.flatMap((object) => {
      const serving = readServing(object, '');
      return serving === undefined ? [] : [serving];
    }),
  );
}

function byPlace(left: FunctionModel, right: FunctionModel): number {
  const keys = [left, right].map(({ namespace, name }) => `${namespace}/${name}`);
  return (keys[0] ?? '') < (keys[1] ?? '') ? -1 : 1;
}

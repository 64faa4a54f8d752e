import { asObject, at, type JsonObject } from '../../../src/api/json.ts';
import { installObjects } from '../../support/install-manifest.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Kubectl } from './kubectl.ts';

/** The namespace that is shipped, and the name of the ServiceAccount in it. */
export const productNamespace = 'openfunction-dapr-webhook';
export const productAccount = 'openfunction-dapr-webhook';

/** The group of every ServiceAccount in that namespace. */
export const accountGroup = `system:serviceaccounts:${productNamespace}`;

/** Longer than any run. */
const tokenDuration = '24h';

/** What API servers call a ServiceAccount of the product's namespace. */
export function userOf(account: string): string {
  return `system:serviceaccount:${productNamespace}:${account}`;
}

/**
 * A kubeconfig with a token of a ServiceAccount, as a Pod of it would have.
 *
 * @param server where it goes; the API server itself when absent
 */
export async function accountKubeconfig(
  kubectl: Kubectl,
  plane: ControlPlane,
  account: string,
  server?: string,
): Promise<string> {
  const create = ['create', 'token', account, '-n', productNamespace];
  const { code, stdout, stderr } = await kubectl.try([...create, `--duration=${tokenDuration}`]);
  if (code !== 0) throw new Error(`no token for ${account}: ${stderr}`);
  return plane.writeKubeconfig(account, stdout.trim(), server);
}

const rightsKinds: ReadonlySet<unknown> = new Set([
  'Namespace',
  'ServiceAccount',
  'ClusterRole',
  'Role',
  'ClusterRoleBinding',
  'RoleBinding',
]);

/**
 * What is shipped: the product's namespace and account, and its rights. Those that
 * a value of the chart has to ask for are bound as well.
 */
function shippedRights(): JsonObject[] {
  const shipped = installObjects().filter(({ kind }) => rightsKinds.has(kind));
  const nameOf = (object: JsonObject) => at(object, 'metadata', 'name');
  const bound = new Set(shipped.map((object) => at(object, 'roleRef', 'name')));
  const unbound = shipped.filter((object) => {
    return object['kind'] === 'ClusterRole' && !bound.has(nameOf(object));
  });
  const [binding] = shipped.filter(({ kind }) => kind === 'ClusterRoleBinding');
  const bindings = unbound.map((role) => ({
    ...binding,
    metadata: { name: nameOf(role) ?? null },
    roleRef: { ...asObject(binding?.['roleRef']), name: nameOf(role) ?? null },
  }));
  return [...shipped, ...bindings];
}

/** Makes the product's account with all of its rights, and restores those that were taken away. */
export async function grantRights(kubectl: Kubectl): Promise<void> {
  await kubectl.run(['apply', '-f', '-'], shippedRights());
}

/** Makes another ServiceAccount with just the rights of the shipped one. */
export async function addAccount(kubectl: Kubectl, account: string): Promise<void> {
  const renamed = (object: JsonObject, name: string): JsonObject => ({
    ...object,
    metadata: { ...asObject(object['metadata']), name },
  });
  const objects = shippedRights().flatMap((object) => {
    if (object['kind'] === 'ServiceAccount') return [renamed(object, account)];
    if (object['subjects'] === undefined) return [];
    const name = `${asObject(object['metadata'])?.['name']}-${account}`;
    const subject = { kind: 'ServiceAccount', name: account, namespace: productNamespace };
    return [{ ...renamed(object, name), subjects: [subject] }];
  });
  await kubectl.run(['apply', '-f', '-'], objects);
}

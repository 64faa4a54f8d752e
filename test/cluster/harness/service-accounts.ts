import { join } from 'node:path';
import { readFiles } from '../../../src/adapters/files/read-objects.ts';
import { asObject, type JsonObject } from '../../../src/api/json.ts';
import { repositoryFolder } from '../../support/source-tree.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Kubectl } from './kubectl.ts';

/** What is shipped: the product's account and its rights. */
export const rightsFile = join(repositoryFolder, 'manifests/rbac.yaml');

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

/** Makes another ServiceAccount with just the rights of the shipped one. */
export async function addAccount(kubectl: Kubectl, account: string): Promise<void> {
  const [content] = await readFiles([rightsFile]);
  const shipped = content?.objects.map(({ object }) => object) ?? [];
  const renamed = (object: JsonObject, name: string): JsonObject => ({
    ...object,
    metadata: { ...asObject(object['metadata']), name },
  });
  const objects = shipped.flatMap((object) => {
    if (object['kind'] === 'ServiceAccount') return [renamed(object, account)];
    if (object['subjects'] === undefined) return [];
    const name = `${asObject(object['metadata'])?.['name']}-${account}`;
    const subject = { kind: 'ServiceAccount', name: account, namespace: productNamespace };
    return [{ ...renamed(object, name), subjects: [subject] }];
  });
  await kubectl.run(['apply', '-f', '-'], objects);
}

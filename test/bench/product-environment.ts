import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { asText, at, objectsOf } from '../../src/api/json.ts';
import { repositoryFolder } from '../support/source-tree.ts';

/**
 * The settings of Node that manifests/install.yaml gives the product: what is
 * measured is what runs in a cluster.
 */
export async function productEnvironment(): Promise<Record<string, string>> {
  const text = await readFile(join(repositoryFolder, 'manifests/install.yaml'), 'utf8');
  for (const document of parseAllDocuments(text)) {
    const object: unknown = document.toJS();
    if (at(object, 'kind') !== 'Deployment') continue;
    const [container] = objectsOf(at(object, 'spec', 'template', 'spec', 'containers'));
    const variables = objectsOf(container?.item['env']).flatMap(({ item }) => {
      const name = asText(item['name']);
      const value = asText(item['value']);
      return name?.startsWith('NODE_') === true && value !== undefined ? [[name, value]] : [];
    });
    return Object.fromEntries(variables);
  }
  return {};
}

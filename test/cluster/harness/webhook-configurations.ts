import { join } from 'node:path';
import { readFiles } from '../../../src/adapters/files/read-objects.ts';
import { asList, at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import { repositoryFolder } from '../../support/source-tree.ts';

export interface WebhookTarget {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly failurePolicy?: 'Ignore' | 'Fail';
}

/**
 * The webhook configurations that are shipped, pointed at a server on loopback;
 * nothing else of them is changed but, where asked for, the failure policy.
 */
export async function webhookConfigurations(target: WebhookTarget): Promise<JsonObject[]> {
  const [content] = await readFiles([
    join(repositoryFolder, 'manifests/webhook-configurations.yaml'),
  ]);
  if (content === undefined || content.problems.length > 0) {
    throw new Error(`the webhook configurations cannot be read: ${content?.problems.join('; ')}`);
  }
  return content.objects.map(({ object }) => ({
    ...object,
    webhooks: objectsOf(asList(object['webhooks'])).map(({ item }) => ({
      ...item,
      ...(target.failurePolicy === undefined ? {} : { failurePolicy: target.failurePolicy }),
      clientConfig: {
        url: `https://127.0.0.1:${target.port}${at(item, 'clientConfig', 'service', 'path')}`,
        caBundle: Buffer.from(target.ca).toString('base64'),
      },
    })),
  }));
}

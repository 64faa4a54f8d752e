import { asList, at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import { installObjects } from '../../support/install-manifest.ts';

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
export function webhookConfigurations(target: WebhookTarget): JsonObject[] {
  const shipped = installObjects().filter(({ webhooks }) => webhooks !== undefined);
  return shipped.map((object) => ({
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

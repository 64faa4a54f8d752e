import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ProxyHealthServer } from '../../src/adapters/proxy-health/proxy-health-server.ts';
import { asStringMap, at, type JsonObject, objectsOf } from '../../src/api/json.ts';
import { Port } from '../../src/api/keys.ts';
import { proxySelector } from '../../src/rules/proxy/managed-metadata.ts';
import { functionOf, modelOf } from '../support/functions.ts';
import { readDocument } from '../support/source-tree.ts';

const [service, scaledObject] = parseAllDocuments(
  readDocument('manifests/keda/pending-events.yaml'),
).map((document) => {
  if (document.errors.length > 0) throw document.errors[0];
  return document.toJS() as JsonObject;
});
const [trigger] = objectsOf(at(scaledObject, 'spec', 'triggers'));
const metadata = asStringMap(at(trigger?.item, 'metadata'));

describe('the ScaledObject for a proxy', () => {
  it('asks the proxy that the controller makes, through a Service that leads there', () => {
    const fn = modelOf(functionOf('v1beta1'));
    expect(fn.name).toBe('orders');
    expect(at(service, 'spec', 'selector')).toEqual(proxySelector(fn));
    expect(at(service, 'spec', 'ports')).toEqual([
      { name: 'health', port: Port.health, targetPort: Port.health },
    ]);
    expect(metadata['url']).toBe(
      `http://${at(service, 'metadata', 'name')}.${at(service, 'metadata', 'namespace')}.svc.cluster.local:${Port.health}/pending`,
    );
  });

  it('finds a number where it looks', async () => {
    const health = new ProxyHealthServer({
      missing: () => ['something'],
      pending: () => ({ pending: 3, waiting: 2, inFlight: 1 }),
      metrics: () => '',
    });
    onTestFinished(() => health.close());
    const port = await health.listen(0, '127.0.0.1');
    const { pathname } = new URL(metadata['url'] ?? '');
    const response = await fetch(`http://127.0.0.1:${port}${pathname}`);
    expect(trigger?.item['type']).toBe('metrics-api');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(((await response.json()) as JsonObject)[metadata['valueLocation'] ?? '']).toBe(3);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503);
    expect((await fetch(`http://127.0.0.1:${port}/elsewhere`)).status).toBe(404);
  });
});

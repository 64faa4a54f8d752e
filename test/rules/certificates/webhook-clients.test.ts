import { describe, expect, it } from 'vitest';
import { applyPatch } from '../../../src/adapters/apply-patch.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { caBundlePatch, webhookClients } from '../../../src/rules/certificates/webhook-clients.ts';
import { installObjects } from '../../support/install-manifest.ts';

const ours = 'webhook.ours.svc';
const isOurs = (host: string): boolean => host === ours;

function webhook(name: string, clientConfig: JsonObject, more: JsonObject = {}): JsonObject {
  return { name, clientConfig, sideEffects: 'None', ...more };
}

const service = { name: 'webhook', namespace: 'ours', path: '/mutate/pods' };

function configuration(...webhooks: JsonObject[]): JsonObject {
  return {
    metadata: { name: 'baas.openfunction.io', resourceVersion: '7' },
    webhooks,
  };
}

describe('webhooks of a configuration', () => {
  it('are those that are shipped, called by the name of the Service', () => {
    const objects = installObjects().filter(({ webhooks }) => webhooks !== undefined);
    expect(objects).toHaveLength(2);
    for (const object of objects) {
      const clients = webhookClients(object);
      expect(clients).toHaveLength((object['webhooks'] as unknown[]).length);
      for (const { host, caBundle } of clients) {
        expect(host).toBe('openfunction-dapr-webhook.openfunction-dapr-webhook.svc');
        expect(caBundle).toBe('');
      }
    }
  });

  it("are this project's alone", () => {
    const found = webhookClients(
      configuration(
        webhook('functions.mutate.baas.openfunction.io', { service }),
        webhook('admin.example.com', { service }),
        webhook('baas.openfunction.io', { service }),
      ),
    );
    expect(found).toEqual([
      { index: 0, name: 'functions.mutate.baas.openfunction.io', host: ours, caBundle: '' },
    ]);
  });

  it.each([
    ['https://127.0.0.1:9443/mutate/pods', '127.0.0.1'],
    ['https://[::1]:9443/mutate/pods', '::1'],
    ['https://Webhook.Example.com/mutate', 'webhook.example.com'],
    ['https://webhook.example.com', 'webhook.example.com'],
    ['http://webhook.example.com', undefined],
    ['nonsense', undefined],
  ])('with the url %s are called by %s', (url, host) => {
    expect(webhookClients(configuration(webhook('x.baas.openfunction.io', { url })))).toMatchObject(
      [{ host }],
    );
  });

  it('are none where there is no list of webhooks', () => {
    for (const object of [{}, { webhooks: null }, { webhooks: 'x' }, { webhooks: [null, 3, {}] }]) {
      expect(webhookClients(object)).toEqual([]);
    }
  });
});

describe('a patch of caBundle', () => {
  it('sets what is wiped, overwritten or was never there, and nothing else', () => {
    const before = configuration(
      webhook('right.baas.openfunction.io', { service, caBundle: 'Ynk=' }),
      webhook('wiped.baas.openfunction.io', { service, caBundle: '' }, { timeoutSeconds: 7 }),
      webhook('admin.example.com', { service, caBundle: 'b3RoZXI=' }),
      webhook('other.baas.openfunction.io', { service, caBundle: 'b3RoZXI=' }),
      webhook('new.baas.openfunction.io', { service }),
    );
    const { webhooks, patch } = caBundlePatch(before, 'Ynk=', isOurs);
    expect(webhooks.map(({ name }) => name)).toEqual([
      'wiped.baas.openfunction.io',
      'other.baas.openfunction.io',
      'new.baas.openfunction.io',
    ]);
    const right = { service, caBundle: 'Ynk=' };
    expect(applyPatch(before, patch)).toEqual(
      configuration(
        webhook('right.baas.openfunction.io', right),
        webhook('wiped.baas.openfunction.io', right, { timeoutSeconds: 7 }),
        webhook('admin.example.com', { service, caBundle: 'b3RoZXI=' }),
        webhook('other.baas.openfunction.io', right),
        webhook('new.baas.openfunction.io', right),
      ),
    );
  });

  it('says which version it is for, so that another one refuses it', () => {
    const { patch } = caBundlePatch(
      configuration(webhook('x.baas.openfunction.io', { service })),
      'Ynk=',
      isOurs,
    );
    expect(patch[0]).toEqual({ op: 'replace', path: '/metadata/resourceVersion', value: '7' });
  });

  it('is nothing where nothing differs', () => {
    const before = configuration(webhook('x.baas.openfunction.io', { service, caBundle: 'Ynk=' }));
    expect(caBundlePatch(before, 'Ynk=', isOurs)).toEqual({ webhooks: [], patch: [] });
  });

  it('leaves webhooks alone that call somebody else', () => {
    const before = configuration(
      webhook('x.baas.openfunction.io', { service: { name: 'webhook', namespace: 'theirs' } }),
      webhook('y.baas.openfunction.io', { url: 'https://example.com' }),
      webhook('z.baas.openfunction.io', {}),
    );
    expect(caBundlePatch(before, 'Ynk=', isOurs).patch).toEqual([]);
  });
});

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { found } from '../../../src/rules/check/looked-up.ts';
import { isCalledByUrl, readConfiguration } from '../../../src/rules/check/registered-webhook.ts';
import { calledPorts, webhookTarget } from '../../../src/rules/check/webhook-target.ts';

const name = 'functions.mutate.baas.openfunction.io';
const install = 'openfunction-dapr-webhook';
const service = { name: install, namespace: install, path: '/mutate/functions' };

function registered(clientConfig: JsonObject) {
  const webhooks = [{ name, clientConfig }];
  return [readConfiguration({ metadata: { name: 'baas.openfunction.io' }, webhooks })];
}

describe('whom API servers call', () => {
  const table: readonly [what: string, clientConfig: JsonObject, message: string][] = [
    ['our Service', { service }, `ok: ${install} in namespace ${install}`],
    [
      'another path',
      { service: { ...service, path: '/mutate/pods' } },
      `error: ${name} is called at /mutate/pods instead of /mutate/functions`,
    ],
    [
      'no path',
      { service: { name: install, namespace: install } },
      `error: ${name} is called at / instead of /mutate/functions`,
    ],
    [
      'another Service',
      { service: { ...service, name: 'other' } },
      `error: ${name} calls Service other in namespace ${install}`,
    ],
    [
      'a URL',
      { url: 'https://127.0.0.1:9443/mutate/functions' },
      'warning: the webhook is called at https://127.0.0.1:9443, outside of the cluster as it seems',
    ],
    [
      'a URL with another path',
      { url: 'https://127.0.0.1:9443/x' },
      `error: ${name} is called at https://127.0.0.1:9443/x; the webhook is called at https://127.0.0.1:9443, outside of the cluster as it seems`,
    ],
  ];
  test.each(table)('is told for %s', (_what, clientConfig, message) => {
    const finding = webhookTarget(found(registered(clientConfig)), found([]), install);
    expect(`${finding.level}: ${finding.message}`).toBe(message);
  });

  test('is nobody where nothing is registered, which another question tells', () => {
    expect(webhookTarget(found([]), found([]), install).level).toBe('ok');
  });

  test('has ports: 443 unless it says another one', () => {
    const ports = (clientConfig: JsonObject) =>
      calledPorts({ mutating: registered(clientConfig), validating: [] });
    expect(ports({ service })).toEqual([443]);
    expect(ports({ service: { ...service, port: 9443 } })).toEqual([9443]);
    expect(ports({ url: 'https://x/mutate/functions' })).toEqual([]);
  });

  test('is outside where every webhook has a URL', () => {
    const url = 'https://x/mutate/functions';
    const byUrl = (...mutating: ReturnType<typeof registered>) =>
      isCalledByUrl({ mutating, validating: [] });
    expect(byUrl(...registered({ url }))).toBe(true);
    expect(byUrl(...registered({ service }))).toBe(false);
    expect(byUrl()).toBe(false);
  });
});

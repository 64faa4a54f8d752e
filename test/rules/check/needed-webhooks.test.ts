import { describe, expect, test } from 'vitest';
import { found } from '../../../src/rules/check/looked-up.ts';
import { neededWebhooks } from '../../../src/rules/check/needed-webhooks.ts';
import { readConfiguration } from '../../../src/rules/check/registered-webhook.ts';
import { webhookSelection } from '../../../src/rules/check/webhook-selection.ts';
import { installObject } from '../../support/install-manifest.ts';
import { listAt, textAt } from '../../support/json.ts';
import { readSources } from '../../support/source-tree.ts';

const install = 'openfunction-dapr-webhook';

const mutating = installObject('MutatingWebhookConfiguration');
const validating = installObject('ValidatingWebhookConfiguration');

describe('the webhooks that are needed', () => {
  test('are those that are shipped, at the same paths', () => {
    const registered = [
      ...listAt(mutating, 'webhooks').map((webhook) => ({ configuration: 'mutating', webhook })),
      ...listAt(validating, 'webhooks').map((webhook) => ({
        configuration: 'validating',
        webhook,
      })),
    ];
    expect(
      neededWebhooks.map(({ configuration, name, path }) => [configuration, name, path]),
    ).toEqual(
      registered.map(({ configuration, webhook }) => [
        configuration,
        textAt(webhook, 'name'),
        textAt(webhook, 'clientConfig', 'service', 'path'),
      ]),
    );
  });

  test('have the paths that are served', () => {
    const server = readSources().get('processes/webhook.ts') ?? '';
    for (const { path } of neededWebhooks) expect(server).toContain(`path: '${path}'`);
  });

  test('know the match conditions that are shipped', () => {
    const shipped = [mutating, validating].flatMap((configuration) =>
      listAt(configuration, 'webhooks').map((webhook) => [
        textAt(webhook, 'name'),
        listAt(webhook, 'matchConditions').map(({ name }) => name),
      ]),
    );
    expect(neededWebhooks.map(({ name, conditions }) => [name, conditions])).toEqual(shipped);
  });

  test('find nothing amiss with what is shipped', () => {
    const spared = ['kube-system', 'kube-public', 'kube-node-lease', install];
    const findings = webhookSelection({
      mutating: found([readConfiguration(mutating)]),
      validating: found([readConfiguration(validating)]),
      namespaces: found(new Map([...spared, 'shop'].map((name) => [name, {}]))),
      functionNamespaces: found(['shop']),
      spared,
      functionVersions: undefined,
    });
    expect(findings).toHaveLength(neededWebhooks.length);
    for (const { level, message } of findings) expect([level, message]).toEqual(['ok', message]);
  });
});

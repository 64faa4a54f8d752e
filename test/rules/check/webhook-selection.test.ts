import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { found } from '../../../src/rules/check/looked-up.ts';
import { readConfiguration } from '../../../src/rules/check/registered-webhook.ts';
import {
  type SelectionFacts,
  webhookSelection,
} from '../../../src/rules/check/webhook-selection.ts';

const rules = [
  {
    apiGroups: ['core.openfunction.io'],
    apiVersions: ['v1beta1', 'v1beta2'],
    resources: ['functions'],
    operations: ['CREATE', 'UPDATE'],
  },
];

/** What is found of the webhook that mutates Functions. */
function selection(webhook: JsonObject, facts: Partial<SelectionFacts> = {}) {
  const registered = {
    name: 'functions.mutate.baas.openfunction.io',
    reinvocationPolicy: 'IfNeeded',
    rules,
    ...webhook,
  };
  const configuration = readConfiguration({
    metadata: { name: 'baas.openfunction.io' },
    webhooks: [registered],
  });
  const [finding] = webhookSelection({
    mutating: found([configuration]),
    validating: found([]),
    namespaces: found(new Map([['shop', { team: 'a' }]])),
    functionNamespaces: found([]),
    spared: [],
    functionVersions: ['v1beta2', 'v1beta1'],
    ...facts,
  });
  return `${finding?.level}: ${finding?.message}`;
}

const well = 'ok: CREATE and UPDATE of functions';
const [rule = {}] = rules;

describe('the selection of a webhook', () => {
  const table: readonly [what: string, webhook: JsonObject, message: string][] = [
    [
      'is well by wildcards',
      {
        rules: [
          { ...rule, apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*'] },
        ],
      },
      well,
    ],
    [
      'is well by all resources and subresources',
      { rules: [{ ...rule, resources: ['*/*'] }] },
      well,
    ],
    [
      'is well by a rule for each operation',
      {
        rules: [
          { ...rule, operations: ['CREATE'] },
          { ...rule, operations: ['UPDATE'] },
        ],
      },
      well,
    ],
    [
      'is well by one version, since API servers convert',
      { rules: [{ ...rule, apiVersions: ['v1beta1'] }] },
      well,
    ],
    [
      'misses a version that is not converted',
      { matchPolicy: 'Exact', rules: [{ ...rule, apiVersions: ['v1beta1'] }] },
      'error: its rules miss CREATE of functions as v1beta2 (matchPolicy is Exact); its rules miss UPDATE of functions as v1beta2 (matchPolicy is Exact)',
    ],
    ['is well by all versions that are not converted', { matchPolicy: 'Exact' }, well],
    [
      'misses everything without rules',
      { rules: [] },
      'error: its rules miss CREATE of functions; its rules miss UPDATE of functions',
    ],
    [
      'misses everything by another group',
      { rules: [{ ...rule, apiGroups: ['apps'] }] },
      'error: its rules miss CREATE of functions; its rules miss UPDATE of functions',
    ],
    [
      'misses everything by a subresource',
      { rules: [{ ...rule, resources: ['functions/status'] }] },
      'error: its rules miss CREATE of functions; its rules miss UPDATE of functions',
    ],
    [
      'misses everything by a scope',
      { rules: [{ ...rule, scope: 'Cluster' }] },
      'error: its rules miss CREATE of functions; its rules miss UPDATE of functions',
    ],
    [
      'misses Functions without a label',
      { objectSelector: { matchLabels: { team: 'a' } } },
      'error: its objectSelector misses Functions',
    ],
    [
      'knows its own match conditions',
      { matchConditions: [{ name: 'not-being-deleted', expression: 'true' }] },
      well,
    ],
    [
      'does not judge those of others',
      { matchConditions: [{ name: 'mine', expression: 'true' }] },
      'warning: somebody added match conditions that this cannot judge: mine',
    ],
    [
      'tells when it is not called again',
      { reinvocationPolicy: 'Never' },
      'warning: its reinvocationPolicy is not IfNeeded, so that it does not see what other webhooks change after it',
    ],
    [
      'tells all that is wrong, as bad as the worst',
      { reinvocationPolicy: 'Never', objectSelector: { matchLabels: { team: 'a' } } },
      'error: its objectSelector misses Functions; its reinvocationPolicy is not IfNeeded, so that it does not see what other webhooks change after it',
    ],
  ];
  test.each(table)('%s', (_what, webhook, message) => {
    expect(selection(webhook)).toBe(message);
  });

  test('goes by the labels that namespaces have', () => {
    const namespaceSelector = { matchLabels: { team: 'a' } };
    expect(selection({ namespaceSelector }, { functionNamespaces: found(['shop']) })).toBe(well);
    expect(selection({ namespaceSelector }, { functionNamespaces: found(['other', 'shop']) })).toBe(
      'error: its namespaceSelector misses namespaces with Functions: other',
    );
  });

  test('is not judged to the end where Functions cannot be seen', () => {
    const right = { verb: 'list', group: 'x', resource: 'functions', namespace: undefined };
    const functionNamespaces = { kind: 'forbidden', right } as const;
    expect(selection({}, { functionNamespaces })).toBe(
      'warning: not looked at: you lack the right to list functions.x in all namespaces',
    );
    expect(selection({ rules: [] }, { functionNamespaces })).toContain('error: its rules miss');
  });

  test('does not ask for namespaces to be left out that are not there', () => {
    expect(selection({}, { spared: ['kube-public', 'shop'] })).toBe(
      'warning: its namespaceSelector does not leave out shop',
    );
  });

  test('asks for some version where it is not known which are served', () => {
    const old = { rules: [{ ...rule, apiVersions: ['v1alpha2'] }] };
    expect(selection(old, { functionVersions: undefined })).toContain('miss CREATE of functions');
    expect(selection(old, { functionVersions: [] })).toContain('miss CREATE of functions');
    expect(selection({}, { functionVersions: undefined })).toBe(well);
  });
});

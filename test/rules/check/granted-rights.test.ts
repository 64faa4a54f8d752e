import { describe, expect, test } from 'vitest';
import { grantedRights } from '../../../src/rules/check/granted-rights.ts';
import type { InstallationSettings } from '../../../src/rules/check/installation-settings.ts';
import { found } from '../../../src/rules/check/looked-up.ts';
import { type Purpose, rightsToReview } from '../../../src/rules/check/product-rights.ts';

const settings: InstallationSettings = {
  command: 'serve',
  apiTokens: false,
  repairMissedPods: false,
  leaderElect: true,
  leaseName: 'lease',
  leaseNamespace: 'baas',
  excludedNamespaces: [],
  makesCertificates: true,
  certificateSecret: { namespace: 'baas', name: 'secret' },
  doubt: undefined,
};

/** Levels by the last part of the ids, where everything for a purpose is refused. */
function levels(
  refused: Purpose,
  changed: Partial<InstallationSettings> = {},
  hasTokenFunctions = false,
): Record<string, string> {
  const all = { ...settings, ...changed };
  const reviewed = rightsToReview(all).map((one) => ({
    ...one,
    isGranted: one.purpose !== refused,
  }));
  const findings = grantedRights({
    reviewed: found(reviewed),
    settings: all,
    hasTokenFunctions: found(hasTokenFunctions),
  });
  return Object.fromEntries(
    findings
      .map(({ id, level }): [string, string] => [id.replace('rights-', ''), level])
      .filter(([, level]) => level !== 'ok'),
  );
}

describe('rights that are not granted', () => {
  const doubt = 'there is no Deployment';
  const table: readonly [
    purpose: Purpose,
    changed: Partial<InstallationSettings>,
    hasTokenFunctions: boolean,
    expected: Record<string, string>,
  ][] = [
    ['admission', {}, false, { admission: 'error' }],
    ['admission', { command: 'controller' }, false, { admission: 'error' }],
    ['certificates', {}, false, { certificates: 'error' }],
    ['certificates', { makesCertificates: false }, false, {}],
    ['certificates', { doubt }, false, { certificates: 'warning' }],
    ['certificates', { command: 'controller' }, false, {}],
    ['certificates of others', {}, false, { certificates: 'warning' }],
    ['certificates of others', { makesCertificates: false }, false, {}],
    ['certificates of others', { doubt }, false, { certificates: 'warning' }],
    ['controller', {}, false, { controller: 'error' }],
    ['controller', { command: 'webhook' }, false, {}],
    ['leader election', {}, false, { controller: 'error' }],
    ['leader election', { leaderElect: false }, false, {}],
    ['leader election', { command: 'webhook' }, false, {}],
    ['owner references', {}, false, { controller: 'warning' }],
    ['owner references', { command: 'webhook' }, false, {}],
    ['tokens', {}, false, {}],
    ['tokens', { apiTokens: true }, false, { tokens: 'error' }],
    ['tokens', {}, true, { tokens: 'error' }],
    ['tokens', { doubt }, false, { tokens: 'warning' }],
    ['tokens', { doubt }, true, { tokens: 'error' }],
    ['tokens', { command: 'webhook', apiTokens: true }, true, {}],
    ['repair', {}, false, {}],
    ['repair', { repairMissedPods: true }, false, { repair: 'error' }],
    ['repair', { doubt }, false, { repair: 'warning' }],
  ];
  test.each(table)(
    'for %s with %j, Functions with tokens %s',
    (purpose, changed, has, expected) => {
      expect(levels(purpose, changed, has)).toEqual(expected);
    },
  );

  test('are told with their verbs together, and why they may matter', () => {
    const reviewed = rightsToReview(settings).map((one) => ({
      ...one,
      isGranted: one.purpose !== 'tokens' && one.purpose !== 'owner references',
    }));
    const messages = grantedRights({
      reviewed: found(reviewed),
      settings: { ...settings, doubt },
      hasTokenFunctions: found(false),
    }).map(({ message }) => message);
    expect(messages).toEqual([
      '8 of 8 rights',
      '13 of 13 rights',
      'it lacks update functions.core.openfunction.io/finalizers in all namespaces; API servers that run OwnerReferencesPermissionEnforcement, as those of OpenShift do, then refuse its objects',
      'it lacks list, watch, create, delete secrets in all namespaces; whether it uses that is not known: there is no Deployment',
      '1 of 1 rights',
    ]);
  });

  test('may matter where Functions cannot be seen', () => {
    const reviewed = rightsToReview(settings).map((one) => ({
      ...one,
      isGranted: one.purpose !== 'tokens',
    }));
    const hasTokenFunctions = { kind: 'failed', problem: '500' } as const;
    const findings = grantedRights({ reviewed: found(reviewed), settings, hasTokenFunctions });
    expect(findings.find(({ id }) => id === 'rights-tokens')).toMatchObject({
      level: 'warning',
      message: expect.stringMatching(/; whether a Function asks for one is not known$/),
    });
  });

  test('need not be granted where nothing uses them, and that is said', () => {
    const reviewed = rightsToReview(settings).map((one) => ({
      ...one,
      isGranted: one.purpose !== 'repair',
    }));
    const finding = grantedRights({
      reviewed: found(reviewed),
      settings,
      hasTokenFunctions: found(false),
    });
    expect(finding.at(-1)).toMatchObject({
      level: 'ok',
      message: 'it may not, and need not: that is for --repair-missed-pods',
    });
  });
});

import { describe, expect, test } from 'vitest';
import type { InstallationSettings } from '../../../src/rules/check/installation-settings.ts';
import { describeRight } from '../../../src/rules/check/looked-up.ts';
import {
  type Purpose,
  productRights,
  rightsToReview,
} from '../../../src/rules/check/product-rights.ts';
import { installObjects } from '../../support/install-manifest.ts';
import { listAt, pick, textAt } from '../../support/json.ts';

const strings = (value: unknown): string[] => (Array.isArray(value) ? value : []);

/** Every single right of the shipped roles: scope, group, resource, verb, and the one object it is for. */
function grantedRights(): string[] {
  return installObjects().flatMap((object) => {
    const scope = { ClusterRole: 'cluster', Role: 'namespace' }[textAt(object, 'kind')];
    if (scope === undefined) return [];
    return listAt(object, 'rules').flatMap((rule) =>
      strings(pick(rule, 'apiGroups')).flatMap((group) =>
        strings(pick(rule, 'resources')).flatMap((resource) =>
          strings(pick(rule, 'verbs')).map((verb) =>
            [scope, group, resource, verb, ...strings(pick(rule, 'resourceNames'))].join(' '),
          ),
        ),
      ),
    );
  });
}

describe('the rights that are asked for', () => {
  test('are those that manifests/install.yaml has roles for, one by one', () => {
    const asked = productRights.flatMap(({ scope, group, resource, verbs, only }) =>
      verbs.map((verb) =>
        [
          scope === 'cluster' ? 'cluster' : 'namespace',
          group,
          resource,
          verb,
          ...(only === undefined ? [] : [shippedName[only]]),
        ].join(' '),
      ),
    );
    expect(asked.toSorted()).toEqual(grantedRights().toSorted());
  });

  test('name Lease and Secret of the settings, in their namespaces', () => {
    const settings: InstallationSettings = {
      command: 'serve',
      apiTokens: false,
      repairMissedPods: false,
      leaderElect: true,
      leaseName: 'my-lease',
      leaseNamespace: 'my-namespace',
      excludedNamespaces: [],
      makesCertificates: true,
      certificateSecret: { namespace: 'cert-namespace', name: 'my-secret' },
      doubt: undefined,
    };
    const rights = (...purposes: Purpose[]): string[] =>
      rightsToReview(settings)
        .filter(({ purpose }) => purposes.includes(purpose))
        .map(({ right }) => describeRight(right));
    expect(rights('certificates of others')).toEqual([
      'patch mutatingwebhookconfigurations.admissionregistration.k8s.io "baas.openfunction.io"',
      'patch validatingwebhookconfigurations.admissionregistration.k8s.io "baas.openfunction.io"',
      'create secrets in namespace "cert-namespace"',
    ]);
    expect(rights('certificates')).toContain(
      'update secrets "my-secret" in namespace "cert-namespace"',
    );
    expect(rights('leader election')).toEqual([
      'create leases.coordination.k8s.io in namespace "my-namespace"',
      'get leases.coordination.k8s.io "my-lease" in namespace "my-namespace"',
      'update leases.coordination.k8s.io "my-lease" in namespace "my-namespace"',
    ]);
  });
});

/** What an object is called in the shipped roles. */
const shippedName = {
  lease: 'openfunction-dapr-webhook',
  certificate: 'openfunction-dapr-webhook-certificates',
  configuration: 'baas.openfunction.io',
} as const;

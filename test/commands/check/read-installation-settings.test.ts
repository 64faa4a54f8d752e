import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import {
  readInstallationSettings,
  settingsFileIn,
} from '../../../src/commands/check/read-installation-settings.ts';

const namespace = 'baas';

interface ContainerParts {
  readonly command?: string[];
  readonly args?: string[];
  readonly env?: JsonObject[];
  readonly before?: JsonObject[];
}

/** A Deployment with its settings file from a ConfigMap and a folder from a Secret. */
function deployment({ before = [], ...parts }: ContainerParts): JsonObject {
  const container = {
    name: 'webhook',
    ...parts,
    volumeMounts: [
      { name: 'settings', mountPath: '/etc/baas/' },
      { name: 'certificates', mountPath: '/certs' },
    ],
  };
  const volumes = [
    { name: 'settings', configMap: { name: 'my-settings' } },
    { name: 'certificates', secret: { secretName: 'my-certificate' } },
  ];
  return { spec: { template: { spec: { containers: [...before, container], volumes } } } };
}

const read = (parts: ContainerParts, file?: string) =>
  readInstallationSettings(deployment(parts), file, namespace);

const file = ['--settings-file', '/etc/baas/settings.yaml'];

describe('the settings of an installation', () => {
  test('have their defaults, with the Lease where it is installed', () => {
    expect(read({ args: ['serve'] })).toEqual({
      command: 'serve',
      apiTokens: false,
      repairMissedPods: false,
      leaderElect: true,
      leaseName: 'openfunction-dapr-webhook',
      leaseNamespace: namespace,
      excludedNamespaces: ['kube-system', 'kube-public', 'kube-node-lease'],
      makesCertificates: true,
      certificateSecret: { namespace, name: 'openfunction-dapr-webhook-certificates' },
      doubt: undefined,
    });
  });

  test('come from flags, from variables, and from the settings file, in this order', () => {
    const parts = {
      args: ['serve', '--no-leader-elect', ...file],
      env: [
        { name: 'LEADER_ELECT', value: 'true' },
        { name: 'LEASE_NAME', value: 'by-variable' },
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
    };
    const text = 'lease-name: by-file\napi-tokens: true\nrepair-missed-pods: "true"\nport: 9443\n';
    expect(read(parts, text)).toMatchObject({
      leaderElect: false,
      leaseName: 'by-variable',
      apiTokens: true,
      repairMissedPods: true,
      doubt: undefined,
    });
  });

  test('are those of the container that runs this project, however it is started', () => {
    const before = [{ name: 'mesh', args: ['proxy', '--lease-name', 'other'] }];
    const command = ['node', 'dist/main.js', 'controller', '--lease-name=mine'];
    expect(read({ command, before })).toMatchObject({ command: 'controller', leaseName: 'mine' });
  });

  test('say where the certificate is, and who makes it', () => {
    const certificate = (...args: string[]) => {
      const { makesCertificates, certificateSecret } = read({ args: ['serve', ...args] });
      return [makesCertificates, certificateSecret.namespace, certificateSecret.name];
    };
    const usual = 'openfunction-dapr-webhook-certificates';
    expect(certificate('--certificate-secret', 'own')).toEqual([true, namespace, 'own']);
    expect(certificate('--service-namespace', 'there')).toEqual([true, 'there', usual]);
    expect(certificate('--cert-dir', '/certs')).toEqual([false, namespace, 'my-certificate']);
    expect(certificate('--cert-dir', '/certs/')).toEqual([false, namespace, 'my-certificate']);
    expect(certificate('--cert-dir', '/elsewhere')).toEqual([false, namespace, undefined]);
    const both = ['--certificates', 'secret', '--cert-dir', '/certs'];
    expect(certificate(...both)).toEqual([true, namespace, usual]);
  });

  test('leave a doubt where something cannot be read, and then have their defaults', () => {
    const doubts: readonly [settings: ReturnType<typeof read>, doubt: RegExp][] = [
      [read({ args: ['serve', ...file] }), /^its settings file cannot be seen$/],
      [read({ args: ['serve', '--from-the-future'] }), /^unknown option --from-the-future/],
      [read({ args: ['serve', ...file], env: [] }, 'futuristic: 1'), /unknown setting futuristic/],
      [read({ args: ['serve', ...file] }, 'x'), /must be a mapping/],
      [read({ args: ['serve', ...file] }, '{'), /^settings file: is no YAML$/],
      [read({}), /^no container of it names a command$/],
      [readInstallationSettings(undefined, undefined, namespace, 'because'), /^because$/],
    ];
    for (const [settings, doubt] of doubts) {
      expect(settings.doubt).toMatch(doubt);
      expect(settings).toMatchObject({ command: 'serve', apiTokens: false });
    }
  });
});

describe('the settings file of an installation', () => {
  test('is found in the ConfigMap that is mounted there', () => {
    expect(settingsFileIn(deployment({ args: ['serve', ...file] }))).toMatchObject({
      configMap: 'my-settings',
      key: 'settings.yaml',
    });
    const env = [{ name: 'SETTINGS_FILE', value: '/etc/baas/x.yaml' }];
    expect(settingsFileIn(deployment({ args: ['serve'], env }))?.key).toBe('x.yaml');
  });

  test('is none where none is named, and in no ConfigMap where none is mounted', () => {
    expect(settingsFileIn(deployment({ args: ['serve'] }))).toBeUndefined();
    const args = ['serve', '--settings-file', '/else/where.yaml'];
    expect(settingsFileIn(deployment({ args }))?.configMap).toBeUndefined();
  });
});

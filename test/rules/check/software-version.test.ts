import { describe, expect, test } from 'vitest';
import { readDeploymentState } from '../../../src/rules/check/deployment-state.ts';
import { isBefore, versionOf } from '../../../src/rules/check/software-version.ts';

function running(image: string, label?: string) {
  return readDeploymentState({
    metadata: { labels: label === undefined ? {} : { 'app.kubernetes.io/version': label } },
    spec: { template: { spec: { containers: [{ name: 'main', image }] } } },
  });
}

describe('the version of a Deployment', () => {
  const table: readonly [image: string, label: string | undefined, text: string | undefined][] = [
    ['ghcr.io/dapr/injector:1.15.4', undefined, '1.15.4'],
    ['openfunction/openfunction:v1.2.0', undefined, '1.2.0'],
    ['registry.test:5000/dapr/injector:1.18.0-rc.1', undefined, '1.18.0-rc.1'],
    ['daprio/dapr:1.8.3-linux-arm64', undefined, '1.8.3-linux-arm64'],
    ['dapr/injector:1.15.4@sha256:abcd', undefined, '1.15.4'],
    ['dapr/injector:1.15', undefined, '1.15'],
    ['dapr/injector@sha256:abcd', '1.14.0', '1.14.0'],
    ['openfunction/openfunction:latest', 'v0.8.1', '0.8.1'],
    ['registry.test:5000/dapr/injector', undefined, undefined],
    ['openfunction/openfunction:latest', 'latest', undefined],
    ['dapr/injector:1', undefined, undefined],
    ['dapr/injector:20240101', undefined, undefined],
    ['', undefined, undefined],
  ];
  test.each(table)('of image "%s" and label %s is %s', (image, label, text) => {
    expect(versionOf(running(image, label), 'main')?.text).toBe(text);
  });

  test('is that of the container in question, where there are several', () => {
    const deployment = readDeploymentState({
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'kube-rbac-proxy', image: 'proxy:v0.8.0' },
              { name: 'openfunction', image: 'openfunction:v1.2.0' },
            ],
          },
        },
      },
    });
    expect(versionOf(deployment, 'openfunction')?.text).toBe('1.2.0');
  });

  test('comes before another by numbers, not by text', () => {
    const version = { major: 1, minor: 9, text: '1.9.0' };
    expect(isBefore(version, 1, 10)).toBe(true);
    expect(isBefore(version, 1, 9)).toBe(false);
    expect(isBefore(version, 0, 20)).toBe(false);
    expect(isBefore(version, 2, 0)).toBe(true);
  });
});

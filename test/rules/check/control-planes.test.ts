import { describe, expect, test } from 'vitest';
import { daprControlPlane } from '../../../src/rules/check/dapr-control-plane.ts';
import { readDeploymentState } from '../../../src/rules/check/deployment-state.ts';
import { found, type LookedUp } from '../../../src/rules/check/looked-up.ts';
import { openFunctionControlPlane } from '../../../src/rules/check/openfunction-control-plane.ts';

function running(name: string, image: string, availableReplicas = 1, namespace = `${name}-system`) {
  return readDeploymentState({
    metadata: { name, namespace },
    spec: { template: { spec: { containers: [{ name: 'main', image }] } } },
    status: { availableReplicas },
  });
}

const forbidden: LookedUp<never> = {
  kind: 'forbidden',
  right: { verb: 'list', group: 'apps', resource: 'deployments', namespace: undefined },
};

describe("Dapr's control plane", () => {
  const dapr = (...images: string[]) =>
    daprControlPlane(found(images.map((image) => running('dapr', image))));

  test('is well, and told with its version', () => {
    expect(dapr('injector:1.18.3')).toMatchObject({
      level: 'ok',
      message: 'Dapr 1.18.3 in namespace dapr-system',
    });
    expect(dapr('injector:edge')).toMatchObject({
      level: 'ok',
      message: 'Dapr of an unknown version in namespace dapr-system',
    });
  });

  test('may be too old, missing, down, or there twice', () => {
    expect(dapr('injector:1.7.5')).toMatchObject({ level: 'warning' });
    expect(dapr('injector:1.8.0')).toMatchObject({ level: 'ok' });
    expect(dapr()).toMatchObject({ level: 'error' });
    expect(dapr('injector:1.18.3', 'injector:1.18.3')).toMatchObject({ level: 'warning' });
    const down = daprControlPlane(found([running('dapr', 'injector:1.18.3', 0)]));
    expect(down.message).toBe(
      'Dapr 1.18.3 in namespace dapr-system, but no pod of its injector is available',
    );
    expect(daprControlPlane(forbidden)).toMatchObject({ level: 'warning' });
  });
});

describe("OpenFunction's control plane", () => {
  const at = (image: string, proxies: LookedUp<readonly string[]> = found([])) => {
    const { level, message } = openFunctionControlPlane(
      found([running('openfunction', image)]),
      proxies,
    );
    return `${level}: ${message}`;
  };

  test('is well before 0.8, which makes no proxies', () => {
    expect(at('openfunction:v0.7.0')).toBe(
      'ok: OpenFunction 0.7.0 in namespace openfunction-system',
    );
  });

  test('is well from 0.8 on as long as it has made no proxy', () => {
    expect(at('openfunction:v1.2.0')).toBe(
      'ok: OpenFunction 1.2.0 in namespace openfunction-system, which has made no proxy so far',
    );
    expect(at('openfunction:v0.8.0')).toContain('made no proxy so far');
  });

  test('stands in the way where it has made proxies, whatever its version is', () => {
    for (const image of ['openfunction:v1.2.0', 'openfunction:latest']) {
      expect(at(image, found(['shop/a', 'shop/b']))).toMatch(
        /^warning: .* keeps 2 proxies of its own, for whose Functions none is made here: shop\/a, shop\/b$/,
      );
    }
  });

  test('may stand in the way where its proxies cannot be seen', () => {
    expect(at('openfunction:v1.2.0', forbidden)).toMatch(/^warning: .* makes proxies by itself/);
    expect(at('openfunction:v0.7.0', forbidden)).toMatch(/^ok: /);
  });

  test('may be missing, down, or not to be seen', () => {
    expect(openFunctionControlPlane(found([]), found([]))).toMatchObject({ level: 'warning' });
    expect(openFunctionControlPlane(forbidden, found([]))).toMatchObject({
      level: 'warning',
      message: 'not looked at: you lack the right to list deployments.apps in all namespaces',
    });
    const down = found([running('openfunction', 'openfunction:v1.2.0', 0)]);
    expect(openFunctionControlPlane(down, found([])).message).toContain(
      'no pod of it is available',
    );
  });
});

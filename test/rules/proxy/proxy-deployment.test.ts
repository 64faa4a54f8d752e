import { describe, expect, it } from 'vitest';
import type { FunctionModel } from '../../../src/api/function.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { proxyNetworkPolicy } from '../../../src/rules/proxy/proxy-network-policy.ts';
import type { ProxySettings } from '../../../src/rules/proxy/proxy-settings.ts';
import { desired, theOne } from '../../support/desired.ts';
import { asyncServing, functionInMode, versions, withOutput } from '../../support/functions.ts';
import { listAt, objectAt, pick } from '../../support/json.ts';
import { admit, containerOf, envOf, envValues, podOf } from '../../support/pods.ts';

function deploymentOf(fn: FunctionModel, settings: Partial<ProxySettings> = {}): JsonObject {
  return theOne(desired(fn, settings), 'Deployment');
}

function annotationsOf(fn: FunctionModel, settings: Partial<ProxySettings> = {}): JsonObject {
  return objectAt(deploymentOf(fn, settings), 'spec', 'template', 'metadata', 'annotations');
}

function proxyContainer(fn: FunctionModel, settings: Partial<ProxySettings> = {}): JsonObject {
  const containers = listAt(deploymentOf(fn, settings), 'spec', 'template', 'spec', 'containers');
  expect(containers).toHaveLength(1);
  return containers[0] ?? {};
}

describe("the annotations of the proxy's pods", () => {
  it('make Dapr inject a daprd that serves beyond its own pod', () => {
    for (const version of versions) {
      const fn = functionInMode('standalone', { version });
      expect(annotationsOf(fn)).toEqual({
        'dapr.io/enabled': 'true',
        'dapr.io/app-id': 'orders-shop',
        'dapr.io/app-port': '8080',
        'dapr.io/app-protocol': 'grpc',
        'dapr.io/log-as-json': 'true',
        'dapr.io/sidecar-listen-addresses': '[::],0.0.0.0',
      });
    }
  });

  it('take every dapr.io annotation of the Function, and no other', () => {
    const annotations = {
      'dapr.io/app-id': 'my-app',
      'dapr.io/log-level': 'debug',
      'dapr.io/log-as-json': 'false',
      'dapr.io/sidecar-listen-addresses': '0.0.0.0',
      'dapr.io/not-invented-yet': 'x',
    };
    const fn = functionInMode('standalone', {
      annotations: { ...annotations, 'example.com/team': 'checkout' },
    });
    expect(annotationsOf(fn)).toEqual({
      'dapr.io/enabled': 'true',
      'dapr.io/app-port': '8080',
      'dapr.io/app-protocol': 'grpc',
      ...annotations,
    });
  });

  it('enable Dapr whatever else is written there', () => {
    const fn = functionInMode('standalone', { annotations: { 'dapr.io/enabled': 'false' } });
    expect(annotationsOf(fn)['dapr.io/enabled']).toBe('true');
  });

  it("name the token Secrets where tokens are on, and the user's where those are chosen", () => {
    const fn = functionInMode('standalone');
    expect(annotationsOf(fn)).not.toHaveProperty(['dapr.io/api-token-secret']);
    expect(annotationsOf(fn)).not.toHaveProperty(['dapr.io/app-token-secret']);
    expect(annotationsOf(fn, { apiTokens: true })).toMatchObject({
      'dapr.io/api-token-secret': 'orders-dapr-proxy',
      'dapr.io/app-token-secret': 'orders-dapr-proxy',
    });
    const annotations = { 'dapr.io/api-token-secret': 'mine' };
    const chosen = functionInMode('standalone', { annotations });
    expect(annotationsOf(chosen, { apiTokens: true })).toMatchObject({
      'dapr.io/api-token-secret': 'mine',
      'dapr.io/app-token-secret': 'orders-dapr-proxy',
    });
  });

  it('tell daprd the protocol that proxy and function are told', () => {
    for (const protocol of ['grpc', 'http']) {
      const annotations = { 'dapr.io/app-protocol': protocol };
      const fn = functionInMode('standalone', { annotations });
      const told = annotationsOf(fn)['dapr.io/app-protocol'];
      expect(envValues(proxyContainer(fn))['APP_PROTOCOL']).toBe(told);
      expect(envValues(containerOf(admit(podOf(), fn).pod))['APP_PROTOCOL']).toBe(told);
    }
  });

  it('tell daprd the port that the proxy listens on', () => {
    const fns = [
      functionInMode('standalone'),
      functionInMode('standalone', { spec: { port: 9000 } }),
      functionInMode('standalone', { annotations: { 'dapr.io/app-port': '9001' } }),
      functionInMode('standalone', {
        version: 'v1beta2',
        serving: { ...withOutput('v1beta2'), triggers: { http: { port: 9002 } } },
      }),
    ];
    for (const fn of fns) {
      const told = annotationsOf(fn)['dapr.io/app-port'];
      const ports = listAt(proxyContainer(fn), 'ports').map((port) =>
        String(port['containerPort']),
      );
      expect(ports).toContain(told);
      const context = JSON.parse(String(envValues(proxyContainer(fn))['FUNC_CONTEXT']));
      expect(context).toMatchObject({ port: told });
    }
  });
});

describe('an empty dapr.io annotation that was stored before', () => {
  const annotations = { 'dapr.io/app-id': '', 'dapr.io/app-port': '', 'dapr.io/app-protocol': '' };

  it('counts as unset for daprd as it does for scopes, ports and environment', () => {
    const wanted = {
      'dapr.io/app-id': 'orders-shop',
      'dapr.io/app-port': '8080',
      'dapr.io/app-protocol': 'grpc',
    };
    expect(annotationsOf(functionInMode('standalone', { annotations }))).toMatchObject(wanted);
    const { pod } = admit(podOf(), functionInMode('sidecar', { annotations }));
    expect(objectAt(pod, 'metadata', 'annotations')).toMatchObject(wanted);
  });
});

describe("the labels of the proxy's pods", () => {
  it('keep this webhook from admitting them', () => {
    const template = pick(deploymentOf(functionInMode('standalone')), 'spec', 'template');
    expect(objectAt(template, 'metadata', 'labels')).toHaveProperty(['baas.openfunction.io/proxy']);
  });

  it('do not name the Function, so that its events do not come back to the proxy', () => {
    const template = pick(deploymentOf(functionInMode('standalone')), 'spec', 'template');
    const labels = objectAt(template, 'metadata', 'labels');
    expect(labels).not.toHaveProperty(['openfunction.io/function']);
    expect(labels).not.toHaveProperty(['openfunction.io/serving']);
  });
});

describe("the proxy's container", () => {
  it('runs the configured image, as often as configured', () => {
    const fn = functionInMode('standalone');
    const settings = { image: 'example.com/mirror/proxy:v2', replicas: 3 };
    expect(proxyContainer(fn, settings)['image']).toBe('example.com/mirror/proxy:v2');
    expect(pick(deploymentOf(fn, settings), 'spec', 'replicas')).toBe(3);
  });

  it('is told what the function is told, and who it is', () => {
    for (const version of versions) {
      for (const serving of [asyncServing(version), withOutput(version)]) {
        const fn = functionInMode('standalone', { version, serving });
        const proxy = envOf(proxyContainer(fn));
        const pod = envOf(containerOf(admit(podOf(), fn).pod));
        for (const name of [
          'FUNC_CONTEXT',
          'FUNC_CONTEXT_V1BETA2',
          'APP_PROTOCOL',
          'POD_NAME',
          'POD_NAMESPACE',
        ]) {
          expect(proxy.get(name)).toEqual(pod.get(name));
          expect(proxy.has(name)).toBe(true);
        }
        expect(proxy.has('DAPR_HOST')).toBe(false);
      }
    }
  });

  it('is told where to forward when the Function is fed with events', () => {
    for (const version of versions) {
      const fn = functionInMode('standalone', { version, serving: asyncServing(version) });
      expect(envValues(proxyContainer(fn))).toMatchObject({
        FUNCTION_HOST: 'orders-events.shop.svc.cluster.local',
        FUNCTION_PORT: '8080',
      });
    }
  });

  it('is told nowhere to forward when the Function is called over HTTP', () => {
    for (const version of versions) {
      const env = envOf(proxyContainer(functionInMode('standalone', { version })));
      expect(env.has('FUNCTION_HOST')).toBe(false);
      expect(env.has('FUNCTION_PORT')).toBe(false);
    }
  });

  it("checks daprd's token where there is one", () => {
    const none = functionInMode('standalone');
    expect(envOf(proxyContainer(none)).has('APP_API_TOKEN')).toBe(false);
    const annotations = { 'dapr.io/app-token-secret': 'mine' };
    const chosen = functionInMode('standalone', { annotations });
    for (const [fn, apiTokens, name] of [
      [none, true, 'orders-dapr-proxy'],
      [chosen, false, 'mine'],
      [chosen, true, 'mine'],
    ] as const) {
      expect(envOf(proxyContainer(fn, { apiTokens })).get('APP_API_TOKEN')?.['valueFrom']).toEqual({
        secretKeyRef: { name, key: 'token' },
      });
    }
  });

  it('has requests and limits, for namespaces with a quota', () => {
    const container = proxyContainer(functionInMode('standalone'));
    for (const kind of ['requests', 'limits']) {
      expect(pick(container, 'resources', kind, 'cpu')).toMatch(/^\d+m?$/);
      expect(pick(container, 'resources', kind, 'memory')).toMatch(/^\d+Mi$/);
    }
  });

  it('meets the restricted Pod Security Standard', () => {
    const context = objectAt(proxyContainer(functionInMode('standalone')), 'securityContext');
    expect(context).toMatchObject({
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  it('is probed on a port that it has, and that nothing else has', () => {
    for (const port of [8080, 9440, 9441]) {
      const fn = functionInMode('standalone', { spec: { port } });
      const container = proxyContainer(fn);
      const ports = listAt(container, 'ports');
      const numbers = ports.map((one) => one['containerPort']);
      expect(new Set(numbers).size).toBe(numbers.length);
      for (const probe of ['readinessProbe', 'livenessProbe']) {
        const probed = pick(container, probe, 'httpGet', 'port');
        const found = ports.find(
          (one) => one['name'] === probed || one['containerPort'] === probed,
        );
        expect(String(found?.['containerPort'])).toBe(envValues(container)['HEALTH_PORT']);
      }
    }
  });
});

describe('a function that listens where daprd has its metrics', () => {
  it('makes them move, for daprd and for the NetworkPolicy alike', () => {
    const fn = functionInMode('standalone', { spec: { port: 9090 } });
    const template = pick(deploymentOf(fn), 'spec', 'template');
    expect(objectAt(template, 'metadata', 'annotations')).toMatchObject({
      'dapr.io/app-port': '9090',
      'dapr.io/metrics-port': '19090',
    });
    const open = JSON.stringify(proxyNetworkPolicy(fn));
    expect(open).toContain('"port":19090');
    expect(open).not.toContain('"port":9090');
  });
});

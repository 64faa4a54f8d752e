import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { proxyService } from '../../../src/rules/proxy/proxy-services.ts';
import {
  functionInMode,
  functionOf,
  modelOf,
  modes,
  v1beta1,
  versions,
  withOutput,
} from '../../support/functions.ts';
import { listAt, objectAt, pick, wireCopy } from '../../support/json.ts';
import {
  admit,
  containerOf,
  envOf,
  envValues,
  functionContainer,
  podOf,
} from '../../support/pods.ts';

const host = 'orders-dapr-proxy.shop.svc.cluster.local';

function daprAnnotations(pod: JsonObject): JsonObject {
  const annotations = Object.entries(objectAt(pod, 'metadata', 'annotations'));
  return Object.fromEntries(annotations.filter(([key]) => key.startsWith('dapr.io/')));
}

describe('a Pod of a Function that Dapr is disabled for', () => {
  for (const version of versions) {
    it(`is kept from the injector and told about its function (${version})`, () => {
      const { pod, mode, warnings } = admit(podOf(), functionInMode('disabled', { version }));
      expect(mode).toBe('disabled');
      expect(warnings).toEqual([]);
      expect(daprAnnotations(pod)).toEqual({ 'dapr.io/enabled': 'false' });
      const env = envOf(containerOf(pod));
      expect([...env.keys()].sort()).toEqual([
        'APP_PROTOCOL',
        'FUNC_CONTEXT',
        'FUNC_CONTEXT_V1BETA2',
        'POD_NAME',
        'POD_NAMESPACE',
      ]);
    });
  }
});

describe('a Pod of a Function in sidecar mode', () => {
  it('tells the injector what its daprd is to be like', () => {
    const fn = functionInMode('sidecar', {
      serving: { runtime: 'async', outputs: [{ name: 'o', component: 'k' }] },
      spec: { port: 9000 },
    });
    const { pod, mode } = admit(podOf(), fn);
    expect(mode).toBe('sidecar');
    expect(daprAnnotations(pod)).toEqual({
      'dapr.io/enabled': 'true',
      'dapr.io/app-id': 'orders-shop',
      'dapr.io/app-port': '9000',
      'dapr.io/app-protocol': 'grpc',
      'dapr.io/log-as-json': 'true',
    });
    expect([...envOf(containerOf(pod)).keys()].sort()).toEqual([
      'APP_PROTOCOL',
      'FUNC_CONTEXT',
      'FUNC_CONTEXT_V1BETA2',
      'POD_NAME',
      'POD_NAMESPACE',
    ]);
  });

  it("moves daprd's metrics out of the way of Knative's queue-proxy", () => {
    const knative = functionInMode('sidecar', { serving: { runtime: 'knative' } });
    expect(daprAnnotations(admit(podOf(), knative).pod)['dapr.io/metrics-port']).toBe('19090');

    const beta2 = functionInMode('sidecar', {
      version: 'v1beta2',
      serving: { triggers: { http: {} } },
    });
    expect(daprAnnotations(admit(podOf(), beta2).pod)['dapr.io/metrics-port']).toBe('19090');
  });

  it("leaves daprd's metrics where they are when no queue-proxy is there", () => {
    const others = [
      functionInMode('sidecar', { serving: { runtime: 'async' } }),
      functionInMode('sidecar', {
        version: 'v1beta2',
        serving: { triggers: { http: { engine: 'keda' } } },
      }),
      functionInMode('sidecar', {
        version: 'v1beta2',
        serving: { triggers: { dapr: [{ name: 'kafka' }] } },
      }),
    ];
    for (const fn of others) {
      expect(daprAnnotations(admit(podOf(), fn).pod)).not.toHaveProperty(['dapr.io/metrics-port']);
    }
  });

  it('knows a Knative pod by its label or its queue-proxy as well', () => {
    const fn = functionInMode('sidecar', { serving: { runtime: 'async' } });
    const revision = podOf({ labels: { 'serving.knative.dev/revision': 'orders-00001' } });
    const queue = podOf({ containers: [functionContainer(), { name: 'queue-proxy' }] });
    for (const pod of [revision, queue]) {
      expect(daprAnnotations(admit(pod, fn).pod)['dapr.io/metrics-port']).toBe('19090');
    }
  });

  it('keeps a metrics port that the user chose', () => {
    const annotations = { 'dapr.io/metrics-port': '7777' };
    const chosenOnPod = admit(podOf({ annotations }), functionInMode('sidecar'));
    const chosenOnFunction = admit(podOf(), functionInMode('sidecar', { annotations }));
    for (const { pod } of [chosenOnPod, chosenOnFunction]) {
      expect(daprAnnotations(pod)['dapr.io/metrics-port']).toBe('7777');
    }
  });

  it("takes the Function's dapr.io annotations over the derived ones, known or not", () => {
    const annotations = {
      'dapr.io/app-id': 'my-app',
      'dapr.io/app-port': '9999',
      'dapr.io/app-protocol': 'http',
      'dapr.io/log-as-json': 'false',
      'dapr.io/log-level': 'debug',
      'dapr.io/not-invented-yet': 'x',
      'example.com/team': 'checkout',
    };
    const { pod } = admit(
      podOf(),
      functionInMode('sidecar', { annotations, serving: { runtime: 'async' } }),
    );
    const { 'example.com/team': _, ...dapr } = annotations;
    expect(daprAnnotations(pod)).toEqual({ 'dapr.io/enabled': 'true', ...dapr });
    expect(objectAt(pod, 'metadata', 'annotations')).not.toHaveProperty(['example.com/team']);
    expect(envValues(containerOf(pod))['APP_PROTOCOL']).toBe('http');
  });

  it("takes the Pod's dapr.io annotations over all others", () => {
    const onPod = {
      'dapr.io/enabled': 'false',
      'dapr.io/app-id': 'on-pod',
      'dapr.io/app-port': '1234',
      'dapr.io/log-level': 'warn',
      'dapr.io/sidecar-image': 'example.com/daprd:1',
    };
    const onFunction = { 'dapr.io/app-id': 'on-function', 'dapr.io/log-level': 'debug' };
    const fn = functionInMode('sidecar', { annotations: onFunction });
    const { pod } = admit(podOf({ annotations: onPod }), fn);
    expect(daprAnnotations(pod)).toMatchObject(onPod);
  });

  it("speaks to the function as the Pod's own annotation says", () => {
    const pod = podOf({ annotations: { 'dapr.io/app-protocol': 'http' } });
    const admitted = admit(pod, functionInMode('sidecar')).pod;
    expect(envValues(containerOf(admitted))['APP_PROTOCOL']).toBe('http');
  });

  it('says when a kept APP_PROTOCOL is not what its daprd is told', () => {
    const env = [{ name: 'APP_PROTOCOL', value: 'http' }];
    const pod = podOf({ containers: [functionContainer({ env })] });
    const admitted = admit(pod, functionInMode('sidecar'));
    expect(envValues(containerOf(admitted.pod))['APP_PROTOCOL']).toBe('http');
    expect(admitted.warnings).toEqual([
      'APP_PROTOCOL of the function container is "http" and kept, but dapr.io/app-protocol of the Pod is "grpc"',
    ]);
    const annotations = { 'dapr.io/app-protocol': 'http' };
    const agreeing = podOf({ annotations, containers: [functionContainer({ env })] });
    expect(admit(agreeing, functionInMode('sidecar')).warnings).toEqual([]);
  });

  it('keeps a daprd that somebody has put there by hand', () => {
    const pod = podOf({ containers: [functionContainer(), { name: 'daprd' }] });
    const admitted = admit(pod, functionInMode('sidecar')).pod;
    expect(listAt(admitted, 'spec', 'containers').map(({ name }) => name)).toEqual([
      'function',
      'daprd',
    ]);
  });

  it('knows nothing of the proxy', () => {
    for (const apiTokens of [true, false]) {
      const { pod } = admit(podOf(), functionInMode('sidecar'), { settings: { apiTokens } });
      for (const name of ['DAPR_HOST', 'DAPR_SIDECAR_IP', 'DAPR_GRPC_PORT', 'DAPR_HTTP_PORT']) {
        expect(envValues(containerOf(pod))).not.toHaveProperty(name);
      }
    }
  });
});

describe('a Pod of a standalone Function', () => {
  for (const version of versions) {
    it(`is kept from the injector and told where the proxy is (${version})`, () => {
      const { pod, mode, warnings } = admit(podOf(), functionInMode('standalone', { version }));
      expect(mode).toBe('standalone');
      expect(warnings).toEqual([]);
      expect(daprAnnotations(pod)).toEqual({ 'dapr.io/enabled': 'false' });
      expect(envValues(containerOf(pod))).toMatchObject({
        APP_PROTOCOL: 'grpc',
        DAPR_HOST: host,
        DAPR_SIDECAR_IP: host,
        DAPR_GRPC_PORT: '50001',
        DAPR_HTTP_PORT: '3500',
        POD_NAMESPACE: 'shop',
      });
      expect([...envOf(containerOf(pod)).keys()].sort()).toEqual([
        'APP_PROTOCOL',
        'DAPR_GRPC_PORT',
        'DAPR_HOST',
        'DAPR_HTTP_PORT',
        'DAPR_SIDECAR_IP',
        'FUNC_CONTEXT',
        'FUNC_CONTEXT_V1BETA2',
        'POD_NAME',
        'POD_NAMESPACE',
      ]);
    });
  }

  it('finds the proxy in the cluster domain of its cluster', () => {
    const settings = { clusterDomain: 'example.internal' };
    const { pod } = admit(podOf(), functionInMode('standalone'), { settings });
    const env = envValues(containerOf(pod));
    expect(env['DAPR_HOST']).toBe('orders-dapr-proxy.shop.svc.example.internal');
    expect(env['DAPR_SIDECAR_IP']).toBe(env['DAPR_HOST']);
  });

  it("finds the proxy's gRPC port where the Function's annotation puts it", () => {
    const annotations = { 'dapr.io/grpc-port': '50055' };
    const { pod } = admit(podOf(), functionInMode('standalone', { annotations }));
    const env = envValues(containerOf(pod));
    expect(env['DAPR_GRPC_PORT']).toBe('50055');
    expect(env['DAPR_HTTP_PORT']).toBe('3500');
  });

  it('loses every dapr.io annotation but the one that says no', () => {
    const annotations = {
      'dapr.io/enabled': 'true',
      'dapr.io/app-id': 'orders-shop',
      'dapr.io/log-level': 'debug',
      'dapr.io/a~b/c': 'escaped',
      'example.com/dapr.io/x': 'kept',
      'dapr.iox': 'kept',
    };
    for (const mode of ['disabled', 'standalone'] as const) {
      const { pod } = admit(podOf({ annotations }), functionInMode(mode, { annotations }));
      expect(objectAt(pod, 'metadata', 'annotations')).toEqual({
        'dapr.io/enabled': 'false',
        'example.com/dapr.io/x': 'kept',
        'dapr.iox': 'kept',
      });
    }
  });

  it('has no token where tokens are off', () => {
    const cases = [
      admit(podOf(), functionInMode('standalone')),
      admit(
        podOf(),
        functionInMode('standalone', {
          annotations: { 'baas.openfunction.io/api-token': 'false' },
        }),
        { settings: { apiTokens: true } },
      ),
    ];
    for (const { pod } of cases) {
      expect(envOf(containerOf(pod)).has('DAPR_API_TOKEN')).toBe(false);
    }
  });

  it("takes its token from the Function's Secret where tokens are on", () => {
    const byFunction = functionInMode('standalone', {
      annotations: { 'baas.openfunction.io/api-token': 'true' },
    });
    const cases = [
      admit(podOf(), byFunction),
      admit(podOf(), functionInMode('standalone'), { settings: { apiTokens: true } }),
    ];
    for (const { pod } of cases) {
      expect(envOf(containerOf(pod)).get('DAPR_API_TOKEN')).toEqual({
        name: 'DAPR_API_TOKEN',
        valueFrom: { secretKeyRef: { name: 'orders-dapr-proxy', key: 'token' } },
      });
    }
  });

  it('has no token of ours where OpenFunction pointed it at a proxy of its own', () => {
    const theirs = 'orders-shop-dapr.shop.svc.cluster.local';
    const env = [{ name: 'DAPR_HOST', value: theirs }];
    const { pod } = admit(
      podOf({ containers: [functionContainer({ env })] }),
      functionInMode('standalone'),
      { settings: { apiTokens: true } },
    );
    expect(envValues(containerOf(pod))['DAPR_HOST']).toBe(theirs);
    expect(envOf(containerOf(pod)).has('DAPR_API_TOKEN')).toBe(false);
  });

  it('takes its token from the Secret that the user chose for daprd', () => {
    const annotations = { 'dapr.io/api-token-secret': 'my-token' };
    const { pod } = admit(podOf(), functionInMode('standalone', { annotations }));
    expect(envOf(containerOf(pod)).get('DAPR_API_TOKEN')).toEqual({
      name: 'DAPR_API_TOKEN',
      valueFrom: { secretKeyRef: { name: 'my-token', key: 'token' } },
    });
  });

  it('warns when a kept APP_PROTOCOL is not what the proxy speaks', () => {
    const env = [{ name: 'APP_PROTOCOL', value: 'http' }];
    const pod = podOf({ containers: [functionContainer({ env })] });
    const admitted = admit(pod, functionInMode('standalone'));
    expect(envValues(containerOf(admitted.pod))['APP_PROTOCOL']).toBe('http');
    expect(admitted.warnings).toHaveLength(1);
  });
});

describe('the labels of an admitted Pod', () => {
  it('say which Function it is of, and in which mode it was admitted', () => {
    for (const mode of modes) {
      const { pod } = admit(podOf({ labels: { app: 'web' } }), functionInMode(mode));
      expect(pick(pod, 'metadata', 'labels')).toEqual({
        app: 'web',
        'openfunction.io/function': 'orders',
        'baas.openfunction.io/mode': mode,
      });
    }
  });

  it('are added to a Pod that was found by its Serving', () => {
    const pod = podOf();
    objectAt(pod, 'metadata')['labels'] = { 'openfunction.io/serving': 'orders-x1' };
    const { pod: admitted } = admit(pod, functionInMode('standalone'));
    expect(pick(admitted, 'metadata', 'labels')).toEqual({
      'openfunction.io/serving': 'orders-x1',
      'openfunction.io/function': 'orders',
      'baas.openfunction.io/mode': 'standalone',
    });
  });

  it('do not believe a mode that the Pod came with', () => {
    const pod = podOf({ labels: { 'baas.openfunction.io/mode': 'sidecar' } });
    const admitted = admit(pod, functionInMode('standalone')).pod;
    expect(pick(admitted, 'metadata', 'labels', 'baas.openfunction.io/mode')).toBe('standalone');
  });
});

describe('a Function with a long name', () => {
  it("finds its proxy under the name of the proxy's Service", () => {
    for (const length of [50, 52, 53, 60, 63]) {
      const fn = functionInMode('standalone', { name: 'n'.repeat(length) });
      const { pod } = admit(podOf({ labels: { 'openfunction.io/function': fn.name } }), fn);
      const service = String(pick(proxyService(fn), 'metadata', 'name'));
      expect(service.length).toBeLessThanOrEqual(63);
      expect(envValues(containerOf(pod))['DAPR_HOST']).toBe(`${service}.shop.svc.cluster.local`);
    }
  });

  it('is told a shortened app-id in sidecar mode', () => {
    const fn = functionInMode('sidecar', { name: 'n'.repeat(63) });
    const { pod } = admit(podOf(), fn);
    expect(daprAnnotations(pod)['dapr.io/app-id']).toMatch(/^n{49}-[0-9a-f]{8}$/);
  });

  it('never makes a label that the API server would refuse', () => {
    for (const name of ['n'.repeat(64), 'n'.repeat(253), 'a.b', 'Not A Name', 'ä']) {
      for (const mode of modes) {
        const pod = podOf();
        objectAt(pod, 'metadata')['labels'] = { 'openfunction.io/serving': 'orders-x1' };
        const admitted = admit(pod, functionInMode(mode, { name })).pod;
        for (const value of Object.values(objectAt(admitted, 'metadata', 'labels'))) {
          expect(value).toMatch(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/);
        }
      }
    }
  });
});

describe('environment that is there already', () => {
  const names = [
    'FUNC_CONTEXT',
    'FUNC_CONTEXT_V1BETA2',
    'APP_PROTOCOL',
    'POD_NAME',
    'POD_NAMESPACE',
    'DAPR_HOST',
    'DAPR_SIDECAR_IP',
    'DAPR_GRPC_PORT',
    'DAPR_HTTP_PORT',
    'DAPR_API_TOKEN',
  ];

  it('is kept and never doubled, one variable at a time', () => {
    for (const mode of modes) {
      for (const name of names) {
        const env = [{ name, value: 'mine' }];
        const pod = podOf({ containers: [functionContainer({ env })] });
        const { pod: admitted } = admit(pod, functionInMode(mode), {
          settings: { apiTokens: true },
        });
        expect(envValues(containerOf(admitted))[name]).toBe('mine');
        expect(listAt(containerOf(admitted), 'env')[0]).toEqual({ name, value: 'mine' });
      }
    }
  });

  it('is kept in place and in order, and what is missing comes after it', () => {
    const env = [
      { name: 'ZETA', value: '$(ALPHA)' },
      { name: 'ALPHA', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } },
      { name: 'DAPR_HOST', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
      { name: 'EMPTY' },
    ];
    for (const mode of modes) {
      const pod = podOf({ containers: [functionContainer({ env })] });
      const admitted = listAt(containerOf(admit(pod, functionInMode(mode)).pod), 'env');
      expect(admitted.slice(0, env.length)).toEqual(env);
    }
  });

  it('is made where there is none', () => {
    for (const mode of modes) {
      for (const env of [undefined, null, []]) {
        const pod = podOf({ containers: [functionContainer({ env })] });
        const admitted = admit(pod, functionInMode(mode)).pod;
        expect(envValues(containerOf(admitted))['POD_NAMESPACE']).toBe('shop');
      }
    }
  });
});

describe("the Pod's own name and namespace", () => {
  it('come from the downward API and from the request', () => {
    for (const mode of modes) {
      const env = envOf(containerOf(admit(podOf(), functionInMode(mode)).pod));
      expect(pick(env.get('POD_NAME'), 'valueFrom', 'fieldRef', 'fieldPath')).toBe('metadata.name');
      expect(env.get('POD_NAMESPACE')).toEqual({ name: 'POD_NAMESPACE', value: 'shop' });
    }
  });
});

describe('everything else of a Pod', () => {
  const pod = podOf({
    labels: { app: 'web' },
    annotations: { 'example.com/team': 'checkout' },
    containers: [
      { name: 'helper', image: 'example.com/helper', env: [{ name: 'FUNC_CONTEXT', value: 'x' }] },
      functionContainer({ ports: [{ containerPort: 8080 }], futureField: { deep: [1, null] } }),
    ],
    spec: {
      initContainers: [{ name: 'init', image: 'example.com/init', env: [] }],
      volumes: [{ name: 'data', emptyDir: {} }],
      serviceAccountName: 'orders',
      futureField: ['kept'],
    },
  });
  objectAt(pod, 'metadata')['ownerReferences'] = [{ kind: 'ReplicaSet', name: 'orders-7d4b9c' }];

  it('stays as it is in every mode', () => {
    for (const mode of modes) {
      const admitted = wireCopy(admit(pod, functionInMode(mode)).pod);
      delete containerOf(admitted)['env'];
      const metadata = objectAt(admitted, 'metadata');
      metadata['labels'] = objectAt(pod, 'metadata', 'labels');
      metadata['annotations'] = objectAt(pod, 'metadata', 'annotations');
      expect(admitted).toEqual(pod);
    }
  });

  it('belongs to whatever made the Pod', () => {
    for (const kind of ['ReplicaSet', 'StatefulSet', 'Job', 'DaemonSet', 'Revision', 'ScaledJob']) {
      const owned = podOf();
      objectAt(owned, 'metadata')['ownerReferences'] = [{ kind, name: 'x' }];
      expect(admit(owned, functionInMode('standalone')).mode).toBe('standalone');
    }
  });
});

describe('admitting once more', () => {
  it('changes nothing', () => {
    for (const version of versions) {
      for (const mode of modes) {
        const fn = functionInMode(mode, { version, annotations: { 'dapr.io/log-level': 'debug' } });
        for (const apiTokens of [true, false]) {
          const first = admit(podOf(), fn, { settings: { apiTokens } });
          const second = admit(first.pod, fn, { settings: { apiTokens } });
          expect(second.patch).toEqual([]);
          expect(second.warnings).toEqual(first.warnings);
        }
      }
    }
  });
});

describe('a Function with an invalid stored annotation', () => {
  it('never breaks a Pod, and is named in a warning', () => {
    for (const version of versions) {
      const fn = modelOf(
        functionOf(version, {
          annotations: {
            'openfunction.io/enable-dapr': 'yes',
            'openfunction.io/dapr-service-mode': 'proxy',
          },
          serving: withOutput(version),
        }),
      );
      const admitted = admit(podOf(), fn);
      expect(admitted.mode).toBe('standalone');
      expect(admitted.invalidAnnotations).toEqual([
        'openfunction.io/enable-dapr',
        'openfunction.io/dapr-service-mode',
      ]);
      expect(admitted.warnings).toHaveLength(2);
    }
  });

  it('is disabled when nothing else asks for Dapr', () => {
    const fn = modelOf(v1beta1({ annotations: { 'openfunction.io/enable-dapr': 'yes' } }));
    expect(admit(podOf(), fn).mode).toBe('disabled');
  });
});

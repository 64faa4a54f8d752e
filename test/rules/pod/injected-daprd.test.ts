import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { functionInMode } from '../../support/functions.ts';
import { type InjectionOptions, injectDaprd } from '../../support/inject-daprd.ts';
import { listAt, objectAt, pick, wireCopy } from '../../support/json.ts';
import { admit, containerOf, envValues, functionContainer, podOf } from '../../support/pods.ts';

const injections: [string, InjectionOptions][] = [
  ['as a container', {}],
  ['as a native sidecar', { native: true }],
  ['with a socket for the app', { unixDomainSocket: true }],
  ['as a native sidecar with a socket for the app', { native: true, unixDomainSocket: true }],
  ['with sockets of pluggable components', { pluggableComponents: true }],
  [
    'as a native sidecar with every socket',
    { native: true, unixDomainSocket: true, pluggableComponents: true },
  ],
];

const withoutDapr = ['disabled', 'standalone'] as const;

/** A Pod with all that the injector touches, and which asks for daprd as the Function would. */
function plainPod(annotations: JsonObject = {}): JsonObject {
  const token = { name: 'kube-api-access-x', mountPath: '/var/run/secrets/kubernetes.io' };
  return podOf({
    annotations: {
      'dapr.io/enabled': 'true',
      'dapr.io/app-id': 'orders-shop',
      'dapr.io/app-protocol': 'grpc',
      ...annotations,
    },
    containers: [
      functionContainer({
        env: [{ name: 'LEVEL', value: 'debug' }],
        volumeMounts: [token, { name: 'data', mountPath: '/data' }],
      }),
      { name: 'helper', image: 'example.com/helper', volumeMounts: [token] },
    ],
    spec: {
      initContainers: [{ name: 'migrate', image: 'example.com/migrate', volumeMounts: [token] }],
      volumes: [
        { name: 'kube-api-access-x', projected: { sources: [] } },
        { name: 'data', emptyDir: {} },
      ],
    },
  });
}

/**
 * A Pod for comparison: environment by name, since what the injector wrote and is
 * wanted stays where it was put, and no empty lists, since a list that the injector
 * began stays behind empty.
 */
function comparable(pod: JsonObject): JsonObject {
  const copy = wireCopy(pod);
  const spec = objectAt(copy, 'spec');
  for (const container of listAt(spec, 'containers')) {
    const byName = Object.fromEntries(
      listAt(container, 'env').map((variable) => [String(variable['name']), variable]),
    );
    container['env'] = Object.keys(byName).length === 0 ? undefined : byName;
  }
  for (const owner of [spec, ...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')]) {
    for (const list of ['volumes', 'initContainers', 'volumeMounts']) {
      if (listAt(owner, list).length === 0) delete owner[list];
    }
  }
  return wireCopy(copy);
}

describe('taking an injected daprd out', () => {
  for (const mode of withoutDapr) {
    for (const [how, options] of injections) {
      it(`gives what the Pod would have become without it: ${mode}, injected ${how}`, () => {
        for (const pod of [
          plainPod(),
          podOf({ annotations: { 'dapr.io/app-protocol': 'grpc' } }),
          plainPod({ 'dapr.io/grpc-port': '50055' }),
          plainPod({ 'dapr.io/app-protocol': 'http' }),
          podOf(),
        ]) {
          const fn = functionInMode(mode);
          const stripped = admit(injectDaprd(pod, options), fn).pod;
          expect(comparable(stripped)).toEqual(comparable(admit(pod, fn).pod));
        }
      });

      it(`leaves nothing that names it: ${mode}, injected ${how}`, () => {
        const { pod } = admit(injectDaprd(plainPod(), options), functionInMode(mode));
        const text = JSON.stringify(pod);
        for (const trace of [
          '"daprd"',
          'dapr-identity-token',
          'unix-domain-socket',
          'sidecar-injected',
          'metrics-enabled',
          'dapr.io/app-id',
        ]) {
          expect(text).not.toContain(trace);
        }
        expect(pick(pod, 'metadata', 'annotations', 'dapr.io/enabled')).toBe('false');
      });

      it(`is done once: ${mode}, injected ${how}`, () => {
        const fn = functionInMode(mode);
        const first = admit(injectDaprd(plainPod(), options), fn);
        expect(admit(first.pod, fn).patch).toEqual([]);
      });
    }
  }

  it('leaves no init container behind with a mount of a volume that is gone', () => {
    const pod = injectDaprd(plainPod(), { native: true, unixDomainSocket: true });
    const [migrate] = listAt(pod, 'spec', 'initContainers');
    const mounts = listAt(migrate, 'volumeMounts');
    mounts.unshift({ name: 'dapr-unix-domain-socket', mountPath: '/tmp/dapr' });
    for (const mode of withoutDapr) {
      const admitted = admit(pod, functionInMode(mode)).pod;
      expect(listAt(admitted, 'spec', 'initContainers')).toEqual(
        listAt(plainPod(), 'spec', 'initContainers'),
      );
    }
  });

  it('keeps the order of the containers, volumes and mounts around it', () => {
    const names = (pod: JsonObject, ...path: (string | number)[]) =>
      listAt(pod, ...path).map(({ name }) => name);
    const pod = injectDaprd(plainPod(), { unixDomainSocket: true });
    const spec = objectAt(pod, 'spec');
    // As if another webhook had appended after Dapr's.
    spec['containers'] = [...listAt(spec, 'containers').toReversed(), { name: 'last' }];
    spec['volumes'] = [...listAt(spec, 'volumes').toReversed(), { name: 'last' }];
    const { pod: admitted } = admit(pod, functionInMode('standalone'));
    expect(names(admitted, 'spec', 'containers')).toEqual(['helper', 'function', 'last']);
    expect(names(admitted, 'spec', 'volumes')).toEqual(['data', 'kube-api-access-x', 'last']);
    expect(names(containerOf(admitted), 'volumeMounts')).toEqual(['kube-api-access-x', 'data']);
  });

  it("replaces the gRPC port that the injector wrote when the proxy's is another", () => {
    const annotations = { 'dapr.io/grpc-port': '50055' };
    const fn = functionInMode('standalone', { annotations });
    const { pod } = admit(injectDaprd(plainPod()), fn);
    expect(envValues(containerOf(pod))).toMatchObject({
      DAPR_GRPC_PORT: '50055',
      DAPR_HTTP_PORT: '3500',
    });
  });

  it('keeps a port that the user set to something else than the injector would', () => {
    const env = [{ name: 'DAPR_GRPC_PORT', value: '7' }];
    const pod = injectDaprd(podOf({ containers: [functionContainer({ env })] }));
    for (const mode of withoutDapr) {
      const admitted = admit(pod, functionInMode(mode)).pod;
      expect(envValues(containerOf(admitted))['DAPR_GRPC_PORT']).toBe('7');
    }
  });

  it('keeps an APP_PROTOCOL of the user, and says that the proxy speaks another', () => {
    const port = { name: 'DAPR_GRPC_PORT', value: '50001' };
    const environments = [
      [{ name: 'APP_PROTOCOL', value: 'http' }],
      [{ name: 'APP_PROTOCOL', value: 'http' }, port],
      // With both ports the user's, whose the variable is cannot be told.
      [port, { name: 'DAPR_HTTP_PORT', value: '7' }, { name: 'APP_PROTOCOL', value: 'http' }],
    ];
    for (const env of environments) {
      const pod = injectDaprd(podOf({ containers: [functionContainer({ env })] }));
      const admitted = admit(pod, functionInMode('standalone'));
      expect(envValues(containerOf(admitted.pod))['APP_PROTOCOL']).toBe('http');
      expect(admitted.warnings).toHaveLength(1);
      expect(admitted.warnings[0]).toContain('speaks "grpc"');
    }
  });
});

describe('an injected daprd in sidecar mode', () => {
  const fn = functionInMode('sidecar', { serving: { runtime: 'async' } });

  for (const [how, options] of injections) {
    it(`makes way for one that follows what is added: injected ${how}`, () => {
      for (const pod of [
        plainPod(),
        plainPod({ 'dapr.io/enabled': 'True', 'dapr.io/app-protocol': 'http' }),
        podOf({ annotations: { 'dapr.io/enabled': 'true' } }),
      ]) {
        const { pod: admitted, warnings } = admit(injectDaprd(pod, options), fn);
        expect(comparable(admitted)).toEqual(comparable(admit(pod, fn).pod));
        expect(warnings).toEqual([]);
      }
    });

    it(`stays once it does: injected ${how}`, () => {
      const { pod } = admit(injectDaprd(plainPod(), options), fn);
      expect(admit(pod, fn).patch).toEqual([]);
      expect(admit(injectDaprd(pod, options), fn).patch).toEqual([]);
    });
  }

  it('leaves no port behind that the next one does not listen at', () => {
    const withPort = functionInMode('sidecar', { annotations: { 'dapr.io/grpc-port': '50055' } });
    const { pod } = admit(injectDaprd(plainPod()), withPort);
    for (const name of ['function', 'helper']) {
      expect(envValues(containerOf(injectDaprd(pod), name))).toMatchObject({
        DAPR_GRPC_PORT: '50055',
        APP_PROTOCOL: 'grpc',
      });
    }
  });

  it('stays when nothing is added', () => {
    for (const [, options] of injections) {
      const pod = injectDaprd(admit(plainPod(), fn).pod, options);
      expect(admit(pod, fn).patch).toEqual([]);
    }
  });

  it('gets the token that API servers mount into no container of the second round', () => {
    const token = {
      name: 'kube-api-access-x',
      readOnly: true,
      mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
    };
    const plain = podOf({ containers: [functionContainer({ volumeMounts: [token] })] });
    const complete = admit(plain, fn).pod;
    for (const [, options] of injections) {
      const { pod: admitted } = admit(injectDaprd(complete, options), fn);
      const [daprd] = [
        ...listAt(admitted, 'spec', 'initContainers'),
        ...listAt(admitted, 'spec', 'containers'),
      ].filter(({ name }) => name === 'daprd');
      expect(listAt(daprd, 'volumeMounts').filter(({ name }) => name === token.name)).toEqual([
        token,
      ]);
      expect(admit(admitted, fn).patch).toEqual([]);
    }
    const hidden = { name: 'empty', mountPath: token.mountPath };
    const without = podOf({ containers: [functionContainer({ volumeMounts: [hidden] })] });
    const injected = injectDaprd(admit(without, fn).pod);
    expect(admit(injected, fn).patch).toEqual([]);
  });

  it('stays where the injector would not bring another one', () => {
    const injected = injectDaprd(plainPod());
    const withAnnotation = (key: string, value: string | undefined): JsonObject => {
      const pod = wireCopy(injected);
      objectAt(pod, 'metadata', 'annotations')[key] = value;
      return wireCopy(pod);
    };
    const ofOldDapr = wireCopy(injected);
    delete objectAt(ofOldDapr, 'metadata', 'labels')['dapr.io/metrics-enabled'];
    const ofFirstRound = wireCopy(injected);
    listAt(containerOf(ofFirstRound, 'daprd'), 'volumeMounts').push({
      name: 'kube-api-access-x',
      mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
    });
    for (const pod of [
      ofOldDapr,
      ofFirstRound,
      podOf({ containers: [functionContainer(), { name: 'daprd' }] }),
      withAnnotation('dapr.io/enabled', 'false'),
      withAnnotation('dapr.io/enabled', undefined),
      withAnnotation('dapr.io/inject-pluggable-components', 'true'),
    ]) {
      const names = (one: JsonObject) => listAt(one, 'spec', 'containers').map(({ name }) => name);
      const { pod: admitted } = admit(pod, fn);
      expect(names(admitted)).toEqual(names(pod));
      expect(pick(admitted, 'spec', 'volumes')).toEqual(pick(pod, 'spec', 'volumes'));
      expect(pick(admitted, 'metadata', 'labels')).toMatchObject(
        objectAt(pod, 'metadata', 'labels'),
      );
      expect(pick(admitted, 'metadata', 'annotations', 'dapr.io/app-port')).toBe('8080');
    }
  });
});

describe('a Pod that was not injected', () => {
  it("keeps what looks like the injector's", () => {
    const pod = podOf({
      labels: { 'dapr.io/app-id': 'mine' },
      containers: [
        functionContainer({
          env: [{ name: 'DAPR_HTTP_PORT', value: '3500' }],
          volumeMounts: [{ name: 'dapr-unix-domain-socket', mountPath: '/tmp/x' }],
        }),
      ],
      spec: { volumes: [{ name: 'dapr-unix-domain-socket', emptyDir: {} }] },
    });
    for (const mode of withoutDapr) {
      const admitted = admit(pod, functionInMode(mode)).pod;
      expect(pick(admitted, 'metadata', 'labels', 'dapr.io/app-id')).toBe('mine');
      expect(listAt(containerOf(admitted), 'volumeMounts')).toHaveLength(1);
      expect(listAt(admitted, 'spec', 'volumes')).toHaveLength(1);
      expect(envValues(containerOf(admitted))['DAPR_HTTP_PORT']).toBe('3500');
    }
  });

  it('is never left without a container', () => {
    const pod = podOf({ containers: [{ name: 'daprd', image: 'example.com/my-own' }] });
    for (const mode of withoutDapr) {
      const admitted = admit(pod, functionInMode(mode)).pod;
      expect(listAt(admitted, 'spec', 'containers').map(({ name }) => name)).toEqual(['daprd']);
    }
  });
});

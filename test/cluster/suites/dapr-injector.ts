import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asList, asObject, at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import { ensureDaprProgram } from '../assets/ensure-dapr-program.ts';
import type { Cluster } from '../harness/cluster.ts';
import { DaprInjector } from '../harness/dapr-injector.ts';
import { functionObject, type Mode, modeAnnotations, podTemplate } from '../harness/fixtures.ts';
import { until } from '../harness/until.ts';

/** API servers call webhooks in the order of these names, and ours is `baas.openfunction.io`. */
const orders = [
  ['after ours', 'dapr-sidecar-injector'],
  ['before ours', 'a-dapr-sidecar-injector'],
] as const;

const kinds = [
  ['a container', false],
  ['a native sidecar', true],
] as const;

type Annotations = Readonly<Record<string, string>>;

/** What the user wrote on the Pod before anybody admitted it. */
const arrivals: readonly [what: string, annotations: Annotations][] = [
  ['without annotations', {}],
  ['that asks for daprd', { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'own' }],
  [
    'that asks for a daprd of its own liking',
    {
      'dapr.io/enabled': 'true',
      'dapr.io/app-id': 'own',
      'dapr.io/app-protocol': 'http',
      'dapr.io/grpc-port': '50077',
      'dapr.io/unix-domain-socket-path': '/tmp/dapr',
    },
  ],
];

/** Dapr's sidecar injector and this webhook on one Pod, in either order. */
export function daprInjectorSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const create = (namespace: string, ...objects: JsonObject[]) =>
    cluster().kubectl.run(['create', '-n', namespace, '-f', '-'], objects);

  /** A namespace with a Function called `orders`. */
  async function namespaceWithFunction(mode: Mode, annotations: Annotations = {}): Promise<string> {
    const namespace = await cluster().namespace();
    const fn = functionObject(version, {
      name: 'orders',
      annotations: { ...modeAnnotations(mode), ...annotations },
      hasOutput: mode !== 'disabled',
    });
    await create(namespace, fn);
    return namespace;
  }

  /** Pods as they are stored: one that was created as it is, and one that a Deployment made. */
  async function storedPods(namespace: string, annotations: Annotations): Promise<JsonObject[]> {
    await create(namespace, barePod('bare', annotations), deployment(annotations));
    const list = () => cluster().kubectl.list('pods', namespace);
    await until('the Deployment to make its Pod', async () => (await list()).length === 2);
    return list();
  }

  describe.each(orders)("Dapr's injector, called %s", (_order, configurationName) => {
    describe.each(kinds)('with daprd as %s', (_kind, isNative) => {
      let injector: DaprInjector | undefined;

      beforeAll(async () => {
        const program = await ensureDaprProgram('injector', {
          environment: process.env,
          log: (line) => process.stderr.write(`${line}\n`),
        });
        const folder = join(cluster().folder, 'dapr-injector');
        injector = await DaprInjector.start({ program, folder, isNative });
        const configuration = injector.webhookConfiguration(configurationName);
        await cluster().kubectl.run(['create', '-f', '-'], [configuration]);
        await until("API servers to call Dapr's injector", async () => {
          const { stdout } = await cluster().kubectl.try(
            ['create', '--dry-run=server', '-o', 'json', '-n', 'default', '-f', '-'],
            [barePod('probe', { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'probe' })],
          );
          return stdout.includes('"dapr-identity-token"');
        });
      });

      afterAll(async () => {
        try {
          const remove = ['delete', 'mutatingwebhookconfiguration', '--ignore-not-found'];
          await cluster().kubectl.run([...remove, configurationName]);
        } finally {
          await injector?.stop();
        }
      });

      describe.each(arrivals)('a Pod %s', (_what, annotations) => {
        it.each(['standalone', 'disabled'] as const)('has no daprd in %s mode', async (mode) => {
          const namespace = await namespaceWithFunction(mode);
          for (const pod of await storedPods(namespace, annotations)) {
            expectNoTraceOfDaprd(pod);
            expect(daprAnnotationsOf(pod)).toEqual({ 'dapr.io/enabled': 'false' });
            const ports = { DAPR_HTTP_PORT: '3500', DAPR_GRPC_PORT: '50001' };
            const values = valuesOf(pod, 'function');
            expect(values).toMatchObject({ GREETING: 'hello', APP_PROTOCOL: 'grpc' });
            if (mode === 'standalone') expect(values).toMatchObject(ports);
            else for (const name of Object.keys(ports)) expect(values).not.toHaveProperty(name);
            expect(valuesOf(pod, 'helper')).toEqual({});
          }
        });

        it('has one daprd in sidecar mode, set up as its annotations say', async () => {
          const namespace = await namespaceWithFunction('sidecar');
          for (const pod of await storedPods(namespace, annotations)) {
            expect(daprAnnotationsOf(pod)).toEqual({
              'dapr.io/enabled': 'true',
              'dapr.io/app-id': `orders-${namespace}`,
              'dapr.io/app-port': '8080',
              'dapr.io/app-protocol': 'grpc',
              'dapr.io/log-as-json': 'true',
              'dapr.io/metrics-port': '19090',
              ...annotations,
            });
            expectOneDaprd(pod, isNative);
          }
        });
      });

      it("sets daprd up as the Function's own annotations say", async () => {
        const annotations = {
          'dapr.io/app-id': 'shop',
          'dapr.io/app-port': '9000',
          'dapr.io/app-protocol': 'http',
          'dapr.io/grpc-port': '50055',
          'dapr.io/log-as-json': 'false',
        };
        const namespace = await namespaceWithFunction('sidecar', annotations);
        // No app-id: the injector, called first, takes the Pod's name for it.
        await create(namespace, barePod('bare', { 'dapr.io/enabled': 'true' }));
        const pod = await cluster().kubectl.get('pods', 'bare', namespace);
        expect(daprAnnotationsOf(pod)).toMatchObject(annotations);
        expectOneDaprd(pod, isNative);
      });

      it('leaves Pods of nobody to itself', async () => {
        const namespace = await cluster().namespace();
        const annotations = { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'own' };
        const pod = barePod('other', annotations);
        await create(namespace, { ...pod, metadata: { name: 'other', annotations } });
        const stored = await cluster().kubectl.get('pods', 'other', namespace);
        expect(daprAnnotationsOf(stored)).toEqual(annotations);
        expect(daprdsOf(stored)).toHaveLength(1);
      });
    });
  });
}

function barePod(name: string, annotations: Annotations): JsonObject {
  const { metadata, spec } = podTemplate('orders');
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name, annotations }, spec };
}

/** Its Pods have both labels, so that both of our webhooks for Pods are called. */
function deployment(annotations: Annotations): JsonObject {
  const { metadata, spec } = podTemplate('orders');
  const labels = { ...asObject(metadata['labels']), 'openfunction.io/serving': 'serving-abcde' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'orders' },
    spec: {
      selector: { matchLabels: { app: 'orders' } },
      template: { metadata: { labels, annotations }, spec },
    },
  };
}

function expectNoTraceOfDaprd(pod: JsonObject): void {
  const text = JSON.stringify([at(pod, 'metadata', 'labels'), pod['spec']]);
  for (const trace of ['daprd', 'dapr.io/', 'dapr-identity-token', 'unix-domain-socket']) {
    expect(text).not.toContain(trace);
  }
}

function expectOneDaprd(pod: JsonObject, isNative: boolean): void {
  const [daprd = {}, ...others] = daprdsOf(pod);
  expect(others).toEqual([]);
  const list = isNative ? 'initContainers' : 'containers';
  expect(objectsOf(at(pod, 'spec', list)).map(({ item }) => item)).toContainEqual(daprd);

  const annotations = daprAnnotationsOf(pod);
  const flags = flagsOf(daprd);
  for (const flag of ['app-id', 'app-port', 'app-protocol', 'metrics-port']) {
    expect(flags.get(flag)).toBe(annotations[`dapr.io/${flag}`]);
  }
  expect(flags.get('dapr-grpc-port')).toBe(annotations['dapr.io/grpc-port'] ?? '50001');
  expect(flags.has('log-as-json')).toBe(annotations['dapr.io/log-as-json'] === 'true');
  expect(at(pod, 'metadata', 'labels', 'dapr.io/app-id')).toBe(annotations['dapr.io/app-id']);
  // Without the token daprd ends at once: it cannot open the secret store of the cluster.
  expect(tokenMountsOf(daprd)).toEqual(tokenMountsOf(containerOf(pod, 'function')));
  expect(tokenMountsOf(daprd)).toHaveLength(1);
  for (const name of ['function', 'helper']) {
    expect(valuesOf(pod, name)).toMatchObject({
      DAPR_HTTP_PORT: '3500',
      DAPR_GRPC_PORT: flags.get('dapr-grpc-port'),
      APP_PROTOCOL: flags.get('app-protocol'),
    });
  }
}

function daprdsOf(pod: JsonObject): JsonObject[] {
  return ['initContainers', 'containers']
    .flatMap((list) => objectsOf(at(pod, 'spec', list)))
    .map(({ item }) => item)
    .filter(({ name }) => name === 'daprd');
}

function daprAnnotationsOf(pod: JsonObject): JsonObject {
  const annotations = Object.entries(asObject(at(pod, 'metadata', 'annotations')) ?? {});
  return Object.fromEntries(annotations.filter(([key]) => key.startsWith('dapr.io/')));
}

function containerOf(pod: JsonObject, name: string): JsonObject {
  const containers = objectsOf(at(pod, 'spec', 'containers')).map(({ item }) => item);
  return containers.find((container) => container['name'] === name) ?? {};
}

function tokenMountsOf(container: JsonObject): JsonObject[] {
  return objectsOf(container['volumeMounts'])
    .map(({ item }) => item)
    .filter(({ mountPath }) => mountPath === '/var/run/secrets/kubernetes.io/serviceaccount');
}

/** Values of the variables of a container; none may be there twice. */
function valuesOf(pod: JsonObject, containerName: string): JsonObject {
  const env = objectsOf(containerOf(pod, containerName)['env']).map(({ item }) => item);
  const names = env.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  return Object.fromEntries(env.map(({ name, value }) => [String(name), value]));
}

/** Flags of a command line, each with the argument after it. */
function flagsOf(container: JsonObject): Map<string, string | undefined> {
  const args = (asList(container['args']) ?? []).map(String);
  const flags = new Map<string, string | undefined>();
  for (const [index, arg] of args.entries()) {
    if (arg.startsWith('--')) flags.set(arg.slice('--'.length), args[index + 1]);
  }
  return flags;
}

import { afterAll, beforeAll, expect, it } from 'vitest';
import { at, type JsonObject, objectsOf } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { modeAnnotations } from '../../harness/fixtures.ts';
import { ControllerTools, report } from './tools.ts';

const definition = 'functions.core.openfunction.io';

/** Far more than it takes: that a version is no longer served, its watch tells. */
const noticeLimitMs = 90_000;

/** OpenFunction is upgraded, or rolled back, and Functions are served in another version. */
export function servedVersionsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);
  let before: JsonObject[];
  let namespace: string;

  beforeAll(async () => {
    before = await servedVersions();
    namespace = await cluster().namespace();
  });

  afterAll(() => serve(before));

  async function read(): Promise<JsonObject> {
    const { stdout } = await cluster().kubectl.try(['get', 'crd', definition, '-o', 'json']);
    return JSON.parse(stdout);
  }

  async function servedVersions(): Promise<JsonObject[]> {
    return objectsOf(at(await read(), 'spec', 'versions')).map(({ item }) => item);
  }

  async function serve(versions: readonly JsonObject[]): Promise<void> {
    const operation = { op: 'replace', path: '/spec/versions', value: [...versions] };
    const patch = ['--type=json', '-p', JSON.stringify([operation])];
    await cluster().kubectl.run(['patch', 'crd', definition, ...patch]);
  }

  /** Whatever is stored can be read in both: what the versions disagree in is no matter here. */
  const inBoth = (served: FunctionVersion): JsonObject[] =>
    ['v1beta1', 'v1beta2'].map((name) => ({
      name,
      served: name === served,
      storage: name === version,
      schema: {
        openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    }));

  const functionIn = (one: FunctionVersion, name: string): JsonObject =>
    new ControllerTools(cluster, one).functionOf({
      name,
      annotations: modeAnnotations('standalone'),
    });

  /** The proxy's own, and the version of its owner. */
  async function proxyOf(name: string): Promise<{ uid: unknown; ownerVersion: unknown }> {
    const proxy = await tools.get(namespace, 'deployments', `${name}-dapr-proxy`);
    const [owner] = objectsOf(at(proxy, 'metadata', 'ownerReferences'));
    return { uid: at(proxy, 'metadata', 'uid'), ownerVersion: owner?.item['apiVersion'] };
  }

  it('what is kept stays, in place, and new Functions are followed in the version that is served', async () => {
    await tools.apply(namespace, functionIn('v1beta2', 'orders'));
    await tools.expectKept(namespace, [functionIn('v1beta2', 'orders')]);
    const { uid } = await proxyOf('orders');

    for (const [served, name] of [
      ['v1beta1', 'stock'],
      ['v1beta2', 'mails'],
    ] as const) {
      await serve(inBoth(served));
      const servedAtMs = Date.now();
      await eventually(() => tools.apply(namespace, functionIn(served, name)));
      const ownerVersion = `core.openfunction.io/${served}`;
      await eventually(async () => {
        expect(await proxyOf('orders')).toEqual({ uid, ownerVersion });
        expect(await proxyOf(name)).toMatchObject({ ownerVersion });
      }, noticeLimitMs);
      report(`${served} served, to everything followed in it`, Date.now() - servedAtMs);
    }
  });
}

import { expect, it } from 'vitest';
import { asObject, at, type JsonObject } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { modeAnnotations } from '../../harness/fixtures.ts';
import { objectDifferences, previewed, titleOf } from '../../harness/kept-objects.ts';
import { ControllerTools, report } from './tools.ts';

/** Names that are taken are looked at every 30 seconds; the rest is for a machine with other work. */
const freedLimitMs = 45_000;

const foreignSpecs: Readonly<Record<string, JsonObject>> = {
  Deployment: {
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'foreign' } },
      template: {
        metadata: { labels: { app: 'foreign' } },
        spec: { containers: [{ name: 'foreign', image: 'example.com/foreign:v1' }] },
      },
    },
  },
  Service: { spec: { selector: { app: 'foreign' }, ports: [{ port: 3500 }] } },
  NetworkPolicy: { spec: { podSelector: {} } },
  Secret: { stringData: { token: 'theirs' } },
  Component: { spec: { type: 'bindings.http', version: 'v1', metadata: [] } },
};

const kinds = Object.keys(foreignSpecs);

/** Somebody else has an object of a wanted name. */
export function nameTakenSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);

  const functionFor = (kind: string): JsonObject =>
    tools.functionOf({
      name: kind.toLowerCase(),
      annotations: { ...modeAnnotations('standalone'), 'baas.openfunction.io/api-token': 'true' },
      isAsync: true,
      hasOutput: true,
    });

  /** An object of somebody else's under the name of a wanted one. */
  const foreign = ({ apiVersion, kind, metadata }: JsonObject, labels: JsonObject): JsonObject => ({
    apiVersion,
    kind,
    metadata: { name: asObject(metadata)?.['name'], labels },
    ...foreignSpecs[String(kind)],
  });

  const read = (namespace: string, object: JsonObject): Promise<JsonObject> =>
    tools.get(namespace, resourceOf(object), String(at(object, 'metadata', 'name')));

  it('it is left as it is, the rest is made, an Event names it, and it is made once the name is free', async () => {
    const namespace = await cluster().namespace();
    const functions = kinds.map(functionFor);
    const wanted = await previewed(namespace, functions);
    const taken = kinds.map((kind) => {
      const name = kind.toLowerCase();
      const object = wanted.find((one) => one['kind'] === kind && isOf(one, name));
      if (object === undefined) throw new Error(`nothing of kind ${kind} is wanted`);
      return object;
    });
    const strangers = taken.map((object) => foreign(object, { app: 'foreign' }));
    await tools.apply(namespace, ...strangers);
    const before = await untilSettled(namespace, strangers);

    await tools.apply(namespace, ...functions);
    const rest = wanted.filter((object) => !taken.includes(object));
    await eventually(async () => {
      expect(objectDifferences(rest, await tools.kept(namespace))).toEqual([]);
    });
    for (const object of taken) {
      const name = String(object['kind']).toLowerCase();
      const { note, type } = await tools.event(namespace, name, 'NameTaken');
      expect(type).toBe('Warning');
      expect(note).toContain(`${object['kind']} "${at(object, 'metadata', 'name')}"`);
    }
    expect(await Promise.all(strangers.map((one) => read(namespace, one)))).toEqual(before);

    for (const object of strangers) {
      const name = String(at(object, 'metadata', 'name'));
      await tools.kubectl(namespace, 'delete', resourceOf(object), name);
    }
    const freedAtMs = Date.now();
    await tools.expectKept(namespace, functions, { timeoutMs: freedLimitMs });
    report('all five kinds made after their names were free', Date.now() - freedAtMs);
  });

  it('an object with all our labels is somebody else’s while no Function owns it', async () => {
    const namespace = await cluster().namespace();
    const fn = functionFor('Labelled');
    const wanted = await previewed(namespace, [fn]);
    const service = wanted.find(({ kind }) => kind === 'Service') ?? {};
    const stranger = foreign(service, asObject(at(service, 'metadata', 'labels')) ?? {});
    await tools.apply(namespace, stranger);
    const before = await read(namespace, stranger);
    await tools.apply(namespace, fn);
    const { note } = await tools.event(namespace, 'labelled', 'NameTaken');
    expect(note).toContain(`Service "${at(service, 'metadata', 'name')}"`);
    await eventually(async () => {
      const rest = wanted.filter((object) => object !== service);
      const kept = (await tools.kept(namespace)).filter((one) => titleOf(one) !== titleOf(service));
      expect(objectDifferences(rest, kept)).toEqual([]);
    });
    expect(await read(namespace, stranger)).toEqual(before);
  });

  it('an object of another owner says whose it is', async () => {
    const namespace = await cluster().namespace();
    await tools.apply(namespace, tools.functionOf({ name: 'other' }));
    const owner = await tools.get(namespace, 'functions', 'other');
    const reference = {
      apiVersion: `core.openfunction.io/${version}`,
      kind: 'Function',
      name: 'other',
      uid: at(owner, 'metadata', 'uid'),
      controller: true,
    };
    const fn = functionFor('Owned');
    const wanted = await previewed(namespace, [fn]);
    const policy = wanted.find(({ kind }) => kind === 'NetworkPolicy') ?? {};
    const stranger = foreign(policy, {});
    const metadata = { ...asObject(stranger['metadata']), ownerReferences: [reference] };
    await tools.apply(namespace, { ...stranger, metadata });
    const before = await read(namespace, stranger);
    await tools.apply(namespace, fn);
    const { note } = await tools.event(namespace, 'owned', 'NameTaken');
    expect(note).toContain('"other"');
    expect(await read(namespace, stranger)).toEqual(before);
  });

  /** Objects as they are when the Deployment controller has looked at them. */
  function untilSettled(namespace: string, objects: readonly JsonObject[]): Promise<JsonObject[]> {
    return eventually(async () => {
      const live = await Promise.all(objects.map((object) => read(namespace, object)));
      for (const object of live.filter(({ kind }) => kind === 'Deployment')) {
        expect(at(object, 'status', 'observedGeneration')).toBe(1);
        // The last that it says of a Deployment.
        expect(JSON.stringify(object['status'])).toContain('NewReplicaSetAvailable');
      }
      return live;
    });
  }
}

function resourceOf({ kind }: JsonObject): string {
  return kind === 'Component' ? 'components.dapr.io' : String(kind).toLowerCase();
}

function isOf(object: JsonObject, functionName: string): boolean {
  return at(object, 'metadata', 'labels', 'baas.openfunction.io/proxy') === functionName;
}

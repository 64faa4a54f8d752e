import { beforeAll, expect, it } from 'vitest';
import { at, type JsonObject } from '../../../../src/api/json.ts';
import type { FunctionVersion } from '../../../../src/api/keys.ts';
import type { Cluster } from '../../harness/cluster.ts';
import { eventually } from '../../harness/eventually.ts';
import { modeAnnotations } from '../../harness/fixtures.ts';
import { productAccount, userOf } from '../../harness/service-accounts.ts';
import { ControllerTools, report } from './tools.ts';

/** What users are promised; it takes some 30 ms. */
const repairLimitMs = 2_000;

/** The limit only turns a hang into a failure. */
const waitMs = 30_000;

/** One way to spoil an object: kubectl's words for it, `NAME` being the Function's name. */
interface Drift {
  readonly what: string;
  /** As API servers call its kind. */
  readonly resource: string;
  readonly object: string;
  readonly kubectl: readonly string[];
}

const proxy = 'NAME-dapr-proxy';

function jsonPatch(resource: string, name: string, ...operations: JsonObject[]): string[] {
  return ['patch', resource, name, '--type=json', '-p', JSON.stringify(operations)];
}

/** By this label the controller's watches select. */
const unlabelled: readonly Drift[] = [
  ['deployments', proxy],
  ['services', proxy],
  ['networkpolicies', proxy],
  ['components.dapr.io', 'NAME-kafka'],
].map(([resource = '', object = '']) => ({
  what: `the label by which ${resource} are watched`,
  resource: resource.replace('.dapr.io', ''),
  object,
  kubectl: ['label', resource, object, 'baas.openfunction.io/proxy-'],
}));

const unowned: readonly Drift[] = [
  ['deployments', proxy],
  ['services', 'NAME-events'],
  ['networkpolicies', proxy],
  ['components.dapr.io', 'NAME-kafka'],
].map(([resource = '', object = '']) => ({
  what: `the owner of ${resource}`,
  resource: resource.replace('.dapr.io', ''),
  object,
  kubectl: jsonPatch(resource, object, { op: 'remove', path: '/metadata/ownerReferences' }),
}));

const edits: readonly Drift[] = [
  ...unlabelled,
  ...unowned,
  {
    what: 'the image of the Deployment',
    resource: 'deployments',
    object: proxy,
    kubectl: ['set', 'image', `deployment/${proxy}`, 'dapr-proxy=example.com/other:v9'],
  },
  {
    what: 'a variable of the Deployment',
    resource: 'deployments',
    object: proxy,
    kubectl: ['set', 'env', `deployment/${proxy}`, 'APP_PROTOCOL=http'],
  },
  {
    what: 'the number of replicas',
    resource: 'deployments',
    object: proxy,
    kubectl: ['scale', `deployment/${proxy}`, '--replicas=3'],
  },
  {
    what: 'an annotation of the Pod template',
    resource: 'deployments',
    object: proxy,
    kubectl: jsonPatch('deployments', proxy, {
      op: 'remove',
      path: '/spec/template/metadata/annotations/dapr.io~1enabled',
    }),
  },
  {
    what: 'a label of the Deployment',
    resource: 'deployments',
    object: proxy,
    kubectl: ['label', 'deployment', proxy, 'openfunction.io/managed-'],
  },
  {
    what: 'the label that says whose a Service is',
    resource: 'services',
    object: proxy,
    kubectl: ['label', 'service', proxy, 'baas.openfunction.io/proxy=other', '--overwrite'],
  },
  {
    what: 'where a port of the Service leads',
    resource: 'services',
    object: proxy,
    kubectl: jsonPatch('services', proxy, {
      op: 'replace',
      path: '/spec/ports/0/targetPort',
      value: 3999,
    }),
  },
  {
    what: 'a port of the Service',
    resource: 'services',
    object: proxy,
    kubectl: jsonPatch('services', proxy, {
      op: 'replace',
      path: '/spec/ports/0/port',
      value: 3999,
    }),
  },
  {
    what: 'the selector of the Service for events',
    resource: 'services',
    object: 'NAME-events',
    kubectl: ['set', 'selector', 'service', 'NAME-events', 'app=other'],
  },
  {
    what: 'a rule of the NetworkPolicy',
    resource: 'networkpolicies',
    object: proxy,
    kubectl: jsonPatch('networkpolicies', proxy, {
      op: 'remove',
      path: '/spec/ingress/0/from',
    }),
  },
  {
    what: 'the type of a Component',
    resource: 'components',
    object: 'NAME-kafka',
    kubectl: jsonPatch('components.dapr.io', 'NAME-kafka', {
      op: 'replace',
      path: '/spec/type',
      value: 'bindings.http',
    }),
  },
  {
    what: 'the scopes of a Component',
    resource: 'components',
    object: 'NAME-topics',
    kubectl: jsonPatch('components.dapr.io', 'NAME-topics', { op: 'remove', path: '/scopes' }),
  },
];

const deletions: readonly Drift[] = [
  ['deployments', proxy],
  ['services', proxy],
  ['services', 'NAME-events'],
  ['networkpolicies', proxy],
  ['secrets', proxy],
  ['components', 'NAME-kafka'],
].map(([resource = '', object = '']) => ({
  what: `${resource}/${object.replace('NAME', '<function>')}`,
  resource,
  object,
  kubectl: ['delete', resource, object],
}));

/** Somebody changes or deletes what the controller keeps. */
export function driftSuite(cluster: () => Cluster, version: FunctionVersion): void {
  const tools = new ControllerTools(cluster, version);
  const drifts = [...edits, ...deletions];
  /** One more, of which a single object is spoiled in every way. */
  const often = drifts.length;
  const functions = [...drifts, undefined].map((_drift, index) =>
    tools.functionOf({
      name: `drift-${index}`,
      annotations: { ...modeAnnotations('standalone'), 'baas.openfunction.io/api-token': 'true' },
      isAsync: true,
      hasOutput: true,
    }),
  );
  let namespace: string;

  beforeAll(async () => {
    namespace = await cluster().namespace();
    await tools.apply(namespace, ...functions);
    await tools.expectKept(namespace, functions);
  });

  // A Function of its own for each: what is changed again and again is repaired ever more slowly.
  it.each(edits.map((edit, index) => [edit.what, edit, index] as const))(
    '%s is put back, in place, when somebody changes it',
    async (_what, edit, index) => {
      const { before, after } = await spoil(edit, index);
      for (const field of ['uid', 'ownerReferences']) {
        expect(at(after, 'metadata', field)).toEqual(at(before, 'metadata', field));
      }
    },
  );

  it.each(deletions.map((deletion, index) => [deletion.what, deletion, index] as const))(
    '%s is made anew when somebody deletes it',
    async (_what, deletion, index) => {
      const { before, after } = await spoil(deletion, edits.length + index);
      expect(at(after, 'metadata', 'uid')).not.toBe(at(before, 'metadata', 'uid'));
    },
  );

  it('a Deployment is put back each time, in whatever way it is spoiled one after another', async () => {
    const ofDeployment = drifts.filter(({ resource }) => resource === 'deployments');
    expect(ofDeployment.length).toBeGreaterThan(6);
    for (const drift of [...ofDeployment, ...ofDeployment]) await spoil(drift, often);
    const reasons = (await tools.events(namespace, `drift-${often}`)).map(({ reason }) => reason);
    expect(reasons).not.toContain('ChangedByOthers');
  });

  /** Spoils an object of a Function, and waits until all is as it should be again. */
  async function spoil(
    drift: Drift,
    index: number,
  ): Promise<{ before: JsonObject; after: JsonObject }> {
    const only = `drift-${index}`;
    const named = (text: string): string => text.replace('NAME', only);
    const object = named(drift.object);
    const before = await tools.get(namespace, drift.resource, object);
    await tools.kubectl(namespace, ...drift.kubectl.map(named));
    await tools.expectKept(namespace, functions.slice(index, index + 1), {
      only,
      timeoutMs: waitMs,
    });
    await expectSoon(drift, object);
    return { before, after: await tools.get(namespace, drift.resource, object) };
  }

  /** Looks in the audit log for how long the repair of an object took. */
  async function expectSoon({ what, resource }: Drift, object: string): Promise<void> {
    const tookMs = await eventually(async () => {
      const writes = await cluster().audit.writes({ namespace, resource, name: object });
      const changed = writes.findLast(({ user }) => user !== userOf(productAccount));
      // The repair may be answered before kubectl is: lines are in the order of the answers.
      const repaired = writes.find(
        ({ user, code, receivedAtMs }) =>
          user === userOf(productAccount) &&
          code < 300 &&
          receivedAtMs >= (changed?.receivedAtMs ?? Number.POSITIVE_INFINITY),
      );
      expect(repaired).toBeDefined();
      return (repaired?.answeredAtMs ?? Number.NaN) - (changed?.receivedAtMs ?? 0);
    });
    report(`${what}, from the change to its repair`, tookMs);
    expect(tookMs).toBeLessThan(repairLimitMs);
  }
}

import { describe, expect, it } from 'vitest';
import { asObject, at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import type { Cluster } from '../harness/cluster.ts';
import { functionObject, type Mode, modeAnnotations, podTemplate } from '../harness/fixtures.ts';
import type { Product } from '../harness/product.ts';
import { until } from '../harness/until.ts';

const modes: readonly Mode[] = ['standalone', 'sidecar', 'disabled'];

const yearMs = 366 * 24 * 60 * 60 * 1000;

/** What admission adds to the environment of the function container. */
const commonEnv = [
  'FUNC_CONTEXT',
  'FUNC_CONTEXT_V1BETA2',
  'APP_PROTOCOL',
  'POD_NAME',
  'POD_NAMESPACE',
];
const standaloneEnv = ['DAPR_HOST', 'DAPR_SIDECAR_IP', 'DAPR_GRPC_PORT', 'DAPR_HTTP_PORT'];

/** Pods that the controller manager makes of workloads. */
export function workloadsSuite(cluster: () => Cluster, version: FunctionVersion): void {
  describe('the Pods of workloads', () => {
    it.each(modes)(
      'come out as a %s Function has them, and unchanged beyond that',
      async (mode) => {
        const { kubectl, product } = cluster();
        const namespace = await cluster().namespace();
        await kubectl.run(
          ['create', '-n', namespace, '-f', '-'],
          [functionObject(version, { name: 'orders', annotations: modeAnnotations(mode) })],
        );
        await kubectl.run(
          ['create', '-n', namespace, '-f', '-'],
          [...workloads('orders', 'mine'), ...strangers('theirs')],
        );
        await runCronJobs(cluster(), namespace);
        const mine = await podsOf(cluster(), namespace, 'openfunction.io/function=orders', 4);
        const theirs = await podsOf(cluster(), namespace, 'app=theirs', 4);

        for (const pod of mine) {
          expect(additions(pod)).toEqual(expectedAdditions(mode, namespace));
          const twin = theirs.find((other) => ownerKind(other) === ownerKind(pod));
          expect(stripped(pod)).toEqual(stripped(twin ?? {}));
        }
        expect(mine.map(ownerKind).sort()).toEqual(['Job', 'Job', 'ReplicaSet', 'StatefulSet']);
        const asked = () => admittedPods(product, namespace);
        await until('the log to tell of them', async () => asked().size >= mine.length);
        expect(asked().size).toBe(mine.length);
        for (const name of asked()) {
          expect(mine.filter((pod) => nameOf(pod).startsWith(name))).toHaveLength(1);
        }
        await daemonSetPod(cluster(), namespace, mode);
      },
    );
  });

  /** A DaemonSet makes a Pod per node, so that a node has to be there. */
  async function daemonSetPod({ kubectl }: Cluster, namespace: string, mode: Mode): Promise<void> {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: `node-${namespace}` } };
    await kubectl.run(['create', '-f', '-'], [node]);
    try {
      const template = podTemplate('orders');
      const daemonSet = {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'mine-daemonset' },
        spec: {
          selector: { matchLabels: { app: 'orders-daemon' } },
          template: relabelled(template),
        },
      };
      await kubectl.run(['create', '-n', namespace, '-f', '-'], [daemonSet]);
      const [pod] = await podsOf(cluster(), namespace, 'app=orders-daemon', 1);
      expect(additions(pod ?? {})).toEqual(expectedAdditions(mode, namespace));
    } finally {
      await kubectl.run(['delete', 'node', `node-${namespace}`]);
    }
  }
}

function relabelled(template: { metadata: JsonObject; spec: JsonObject }): JsonObject {
  const labels = { ...asObject(template.metadata['labels']), app: 'orders-daemon' };
  return { ...template, metadata: { labels } };
}

/** One of each kind that makes Pods without a node. */
function workloads(functionName: string, prefix: string): JsonObject[] {
  return [
    ...kinds(prefix, (labels) => ({ ...podTemplate(functionName), metadata: { labels } }), {
      'openfunction.io/function': functionName,
    }),
  ];
}

/** The same for Pods that are nobody's function. */
function strangers(app: string): JsonObject[] {
  return kinds(app, (labels) => ({ ...podTemplate(app), metadata: { labels } }), {});
}

function kinds(
  prefix: string,
  template: (labels: JsonObject) => JsonObject,
  functionLabels: JsonObject,
): JsonObject[] {
  const labels = (kind: string): JsonObject => ({ app: prefix, kind, ...functionLabels });
  const selected = (kind: string) => ({
    replicas: 1,
    selector: { matchLabels: { app: prefix, kind } },
    template: template(labels(kind)),
  });
  const once = (kind: string): JsonObject => {
    const made = template(labels(kind));
    return { ...made, spec: { ...asObject(made['spec']), restartPolicy: 'Never' } };
  };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `${prefix}-deployment` },
      spec: selected('deployment'),
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: `${prefix}-statefulset` },
      spec: { ...selected('statefulset'), serviceName: 'pods' },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `${prefix}-job` },
      spec: { template: once('job') },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: `${prefix}-cronjob` },
      spec: {
        schedule: '0 0 1 1 *',
        jobTemplate: { spec: { template: once('cronjob') } },
      },
    },
  ];
}

/**
 * Makes the CronJobs due: one that last ran two years ago has missed its
 * yearly run, and the controller makes up for it at once.
 */
async function runCronJobs({ kubectl }: Cluster, namespace: string): Promise<void> {
  const lastScheduleTime = new Date(Date.now() - 2 * yearMs).toISOString().replace(/\.\d+/, '');
  for (const cronJob of ['mine-cronjob', 'theirs-cronjob']) {
    await kubectl.run([
      ...['patch', 'cronjob', cronJob, '-n', namespace, '--subresource=status', '--type=merge'],
      ...['-p', JSON.stringify({ status: { lastScheduleTime } })],
    ]);
  }
}

async function podsOf(
  cluster: Cluster,
  namespace: string,
  selector: string,
  count: number,
): Promise<JsonObject[]> {
  let pods: JsonObject[] = [];
  await until(`${count} Pods with ${selector}`, async () => {
    pods = await cluster.kubectl.list('pods', namespace, selector);
    return pods.length >= count;
  });
  return pods;
}

/**
 * The Pods of a namespace that the webhook was asked about, as their creators
 * name them. Once each: a controller whose cache lags asks for the same Pod
 * again, which is admitted before the API server finds that it exists.
 */
function admittedPods(product: Product, namespace: string): Set<string> {
  return new Set(
    product.log
      .filter((line) => line['resource'] === 'pods' && line['namespace'] === namespace)
      .map((line) => String(line['name'] ?? line['generateName'])),
  );
}

function nameOf(pod: JsonObject): string {
  return String(at(pod, 'metadata', 'name'));
}

function ownerKind(pod: JsonObject): string {
  const [owner] = objectsOf(at(pod, 'metadata', 'ownerReferences'));
  return String(owner?.item['kind']);
}

/** What a Pod has beyond what its template states. */
function additions(pod: JsonObject): JsonObject {
  const [fn] = objectsOf(at(pod, 'spec', 'containers'));
  const env = objectsOf(fn?.item['env']).map(({ item }) => item['name'] ?? '');
  return {
    annotations: asObject(at(pod, 'metadata', 'annotations')) ?? {},
    mode: at(pod, 'metadata', 'labels', 'baas.openfunction.io/mode') ?? null,
    function: at(pod, 'metadata', 'labels', 'openfunction.io/function') ?? null,
    env: env.filter((name) => name !== 'GREETING'),
  };
}

function expectedAdditions(mode: Mode, namespace: string): JsonObject {
  const sidecar: JsonObject = {
    'dapr.io/enabled': 'true',
    'dapr.io/app-id': `orders-${namespace}`,
    'dapr.io/app-port': '8080',
    'dapr.io/app-protocol': 'grpc',
    'dapr.io/log-as-json': 'true',
    // The fixture is a Knative Function in both versions.
    'dapr.io/metrics-port': '19090',
  };
  return {
    annotations: mode === 'sidecar' ? sidecar : { 'dapr.io/enabled': 'false' },
    mode,
    function: 'orders',
    env: mode === 'standalone' ? [...commonEnv, ...standaloneEnv] : commonEnv,
  };
}

/** Members that differ between any two Pods, whoever admitted them. */
const ownMembers = new Set(['uid', 'name', 'namespace', 'resourceVersion', 'creationTimestamp']);
const ownMetadata = ['labels', 'annotations', 'ownerReferences', 'generateName', 'managedFields'];

/** A Pod without what is its own, and without what admission adds. */
function stripped(pod: JsonObject): JsonObject {
  const metadata = Object.fromEntries(
    Object.entries(asObject(pod['metadata']) ?? {}).filter(
      ([key]) => !ownMembers.has(key) && !ownMetadata.includes(key),
    ),
  );
  const spec = asObject(pod['spec']) ?? {};
  const token = objectsOf(spec['volumes']).map(({ item }) => item['name']);
  const [fn, ...others] = objectsOf(spec['containers']).map(({ item }) => item);
  const env = objectsOf(fn?.['env'])
    .map(({ item }) => item)
    .filter(({ name }) => name === 'GREETING');
  const text = JSON.stringify({
    metadata,
    spec: { ...spec, hostname: null, containers: [{ ...fn, env }, ...others] },
  });
  // The API server gives each Pod's token volume a name of its own.
  return JSON.parse(
    token.reduce<string>((all, name) => all.replaceAll(String(name), 'token'), text),
  );
}

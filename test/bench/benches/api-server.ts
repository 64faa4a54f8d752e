import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureLocalCertificates } from '../../../src/adapters/tls/local-certificates.ts';
import { readFunction } from '../../../src/api/function.ts';
import { asObject, at, type JsonObject, objectsOf } from '../../../src/api/json.ts';
import { noComponents } from '../../../src/rules/context/component-lookup.ts';
import { admitPod } from '../../../src/rules/pod/pod-admission.ts';
import { Cluster } from '../../cluster/harness/cluster.ts';
import { functionObject, modeAnnotations, podOf } from '../../cluster/harness/fixtures.ts';
import { prepareCluster } from '../../cluster/harness/prepare-cluster.ts';
import { webhookConfigurations } from '../../cluster/harness/webhook-configurations.ts';
import { alternate } from '../alternate.ts';
import { ApiClient, inParallel } from '../api-client.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { comparedFigure, type Figure } from '../figure.ts';
import { MeasuredProcess } from '../measured-process.ts';
import { accepts, freePorts, node, program } from '../processes.ts';
import { type InCluster, startInCluster } from '../start-in-cluster.ts';
import { quantile, spreadOf } from '../statistics.ts';

const atATime = 32;
const podsOfRound = 320;
const podsAtOnce = 500;

/** Which webhook is asked, by this label of the namespace. */
const sideLabel = 'bench.example.com/side';
const functionName = 'orders';

/** Seconds, as the webhook configurations have it. */
const webhookTimeout = 5;

/** Pods created through a real API server that calls the webhook. */
export const apiServerBench: Bench = {
  name: 'api-server',
  description: 'Pods through a real API server (built or fetched by npm run assets)',
  needs: [],
  async run(context) {
    const cluster = await Cluster.start();
    let ours: InCluster | undefined;
    let constant: MeasuredProcess | undefined;
    try {
      await prepareCluster(cluster.kubectl, 'v1beta2');
      ours = await startInCluster(cluster, context);
      const folder = join(context.folder, 'certs');
      await ensureLocalCertificates(folder, new Date());
      const ca = await readFile(join(folder, 'ca.crt'), 'utf8');
      const [port = 0] = await freePorts(1);
      constant = new MeasuredProcess(
        context.tools,
        [node, program('constant-webhook.ts'), folder, `${port}`, await writePatch(folder)],
        {},
      );
      await constant.until(() => accepts(port));
      await registerBoth(cluster, ours, { port, ca });
      return await measure(cluster, context);
    } finally {
      await constant?.stop();
      await ours?.process.stop();
      await cluster.stop();
    }
  },
};

/**
 * What our webhook answers for a Pod of the bench, for the other to answer as well: API
 * servers have to apply a patch then, which costs them more than any webhook does.
 */
async function writePatch(folder: string): Promise<string> {
  const fn = readFunction(benchFunction(), namespaceOf('theirs'));
  if (fn === undefined) throw new Error('not a Function');
  const pod = podOf(functionName, { name: 'pod' });
  const facts = { servings: [], components: noComponents };
  const settings = { clusterDomain: 'cluster.local', apiTokens: false };
  const path = join(folder, 'patch.json');
  await writeFile(path, JSON.stringify(admitPod(pod, fn, facts, settings).patch));
  return path;
}

interface Target {
  readonly port: number;
  /** PEM. */
  readonly ca: string;
}

/** Each side's webhook for the namespaces of its side, with the same rules, selectors and conditions. */
async function registerBoth(
  cluster: Cluster,
  { port, ca }: Target,
  constant: Target,
): Promise<void> {
  const configurations = [
    ...webhookConfigurations({ port, ca, failurePolicy: 'Fail' }).map((one) =>
      forSide(one, 'ours'),
    ),
    // Its patch is for a Pod, and no other object.
    ...webhookConfigurations({ ...constant, failurePolicy: 'Fail' })
      .filter(({ kind }) => kind === 'MutatingWebhookConfiguration')
      .map((one) => ({
        ...forSide(one, 'theirs', 'pods'),
        metadata: { name: 'constant.example.com' },
      })),
  ];
  await cluster.kubectl.run(
    ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    configurations,
  );
}

function forSide(configuration: JsonObject, side: string, resource?: string): JsonObject {
  const webhooks = objectsOf(configuration['webhooks']).filter(
    ({ item }) => resource === undefined || JSON.stringify(item['rules']).includes(`"${resource}"`),
  );
  return {
    ...configuration,
    webhooks: webhooks.map(({ item }) => ({
      ...item,
      namespaceSelector: {
        ...asObject(item['namespaceSelector']),
        matchLabels: { [sideLabel]: side },
      },
    })),
  };
}

async function measure(cluster: Cluster, context: BenchContext): Promise<Figure[]> {
  const ours = await makeNamespace(cluster, 'ours');
  const theirs = await makeNamespace(cluster, 'theirs');
  const client = await ApiClient.open(cluster.plane.adminKubeconfig, podsAtOnce);
  let count = 0;
  const create = (namespace: string): Promise<number> => {
    count += 1;
    const pod = podOf(functionName, { name: `pod-${count}` });
    return client.send('POST', `/api/v1/namespaces/${namespace}/pods`, pod);
  };
  const side = (namespace: string) => async (): Promise<readonly number[]> => {
    const times: number[] = [];
    const all = Array.from({ length: podsOfRound });
    await inParallel(all, atATime, async () => void times.push(await create(namespace)));
    return times.toSorted((left, right) => left - right);
  };
  try {
    await untilAsked(cluster, ours);
    const rounds = await alternate(context, { ours: side(ours), theirs: side(theirs) });
    const share = (name: string, of: number, atMost: number): Figure =>
      comparedFigure(
        {
          id: `api-server/pod/${name}`,
          what: `Pod create through the API server, ${atATime} at once, ${name}`,
          unit: 'ms',
          goal: { atMost },
        },
        'the same with a webhook that answers a constant: this patch',
        rounds.map((round) => ({
          ours: quantile(round.ours, of),
          theirs: quantile(round.theirs, of),
        })),
      );
    context.say(`${podsAtOnce} at once`);
    const burst = await Promise.all(Array.from({ length: podsAtOnce }, () => create(ours)));
    return [
      share('p50', 0.5, 1.1),
      share('p99', 0.99, 1.3),
      {
        id: 'api-server/pods-at-once',
        what: `${podsAtOnce} Pods at once, none refused, the slowest`,
        unit: 'ms',
        ours: spreadOf([Math.max(...burst)]),
        goal: { atMost: (webhookTimeout * 1000) / 2 },
      },
    ];
  } finally {
    client.close();
  }
}

function namespaceOf(side: string): string {
  return `bench-${side}`;
}

function benchFunction(): JsonObject {
  const annotations = modeAnnotations('standalone');
  return functionObject('v1beta2', { name: functionName, annotations, hasOutput: true });
}

async function makeNamespace({ kubectl }: Cluster, side: string): Promise<string> {
  const name = namespaceOf(side);
  const metadata = { name, labels: { [sideLabel]: side } };
  await kubectl.run(['create', '-f', '-'], [{ apiVersion: 'v1', kind: 'Namespace', metadata }]);
  // Pods are refused until the controller manager has made it.
  await kubectl.run([
    ...['wait', '--for=create', 'serviceaccount/default', '-n', name, '--timeout=60s'],
  ]);
  await kubectl.run(['create', '-n', name, '-f', '-'], [benchFunction()]);
  return name;
}

/** API servers learn of configurations and labels a moment after they are stored. */
async function untilAsked(cluster: Cluster, namespace: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const name = `probe-${attempt}`;
    await cluster.kubectl.run(
      ['create', '-n', namespace, '-f', '-'],
      [podOf(functionName, { name })],
    );
    const pod = await cluster.kubectl.get('pods', name, namespace);
    if (at(pod, 'metadata', 'labels', 'baas.openfunction.io/mode') === 'standalone') return;
    if (attempt === 100) throw new Error('the API server does not ask the webhook');
  }
}

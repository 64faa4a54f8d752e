import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import picocolors from 'picocolors';
import { applyPatch } from '../adapters/apply-patch.ts';
import { createLogger } from '../adapters/log.ts';
import { certificateFiles } from '../adapters/tls/certificate-pair.ts';
import { ensureLocalCertificates } from '../adapters/tls/local-certificates.ts';
import { readFunction } from '../api/function.ts';
import type { JsonObject } from '../api/json.ts';
import { openCertificateFiles } from '../processes/open-certificates.ts';
import { openFiles } from '../processes/open-source.ts';
import { startWebhook } from '../processes/webhook.ts';
import { functionPod } from '../rules/openfunction/function-pod.ts';
import { podOfTemplate, templatePathOf } from '../rules/pod/workload-template.ts';
import * as options from '../settings/options.ts';
import { type CommandIo, defineCommand, ExitCode } from './command.ts';
import { AdmissionClient, type AdmissionReply } from './demo/admission-client.ts';
import { brokenFunctionPromises, brokenPodPromises } from './demo/broken-promises.ts';
import { readSamples, type Sample, samplesFolder } from './demo/samples.ts';
import { renderChange } from './render-change.ts';

/** Namespace that the samples are sent in. */
const namespace = 'default';

/** One sample per mode, and one that leaves the choice to the webhook: these are shown, the others only checked. */
const shown: readonly { readonly file: string; readonly title: string }[] = [
  { file: 'cron-to-kafka.yaml', title: 'nothing said, with inputs and outputs' },
  { file: 'knative-kafka-output.yaml', title: 'standalone, said so' },
  { file: 'node-sidecar.yaml', title: 'sidecar, said so' },
  { file: 'dapr-off.yaml', title: 'Dapr switched off' },
];

/** One object on its way through admission. */
interface Passage {
  readonly title: string;
  readonly before: JsonObject;
  readonly after: JsonObject;
  readonly broken: readonly string[];
}

export const demoCommand = defineCommand({
  name: 'demo',
  description:
    'Starts the real TLS server on a free port, sends it every sample Function and Pod as an API server would, verifying its certificate, and shows for each mode what changed. Exits with 1 when an answer is not what a sample promises.',
  examples: ['npm run demo'],
  options: { logLevel: { ...options.logLevel, schema: options.logLevel.schema.default('error') } },
  async run({ logLevel }, io) {
    const folder = await mkdtemp(join(tmpdir(), 'openfunction-dapr-webhook-demo-'));
    // The folder is removed also when somebody has seen enough.
    void io.stopRequested().then(async () => {
      await removeFolder(folder);
      process.exit(ExitCode.failed);
    });
    try {
      return await runDemo(folder, logLevel, io);
    } finally {
      await removeFolder(folder);
    }
  },
});

function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}

async function runDemo(folder: string, logLevel: string, io: CommandIo): Promise<number> {
  const samples = await readSamples();
  const log = createLogger(logLevel);
  await ensureLocalCertificates(folder, new Date());
  const result = await openFiles([samplesFolder], log);
  if ('problems' in result) throw new Error(result.problems.join('; '));
  const server = await startWebhook(
    {
      port: 0,
      healthPort: 0,
      listenAddress: '127.0.0.1',
      clusterDomain: 'cluster.local',
      apiTokens: false,
      excludedNamespaces: [],
    },
    result.opened,
    openCertificateFiles({ kind: 'files', folder }, log),
    log,
  );
  const ca = await readFile(join(folder, certificateFiles.ca), 'utf8');
  const client = new AdmissionClient(server.port, ca);
  try {
    io.stdout.write(
      `An admission server listens on https://127.0.0.1:${server.port}; its certificate is verified with its CA.\n`,
    );
    return await sendSamples(samples, client, io);
  } finally {
    client.close();
    await server.stop();
  }
}

async function sendSamples(
  samples: readonly Sample[],
  client: AdmissionClient,
  io: CommandIo,
): Promise<number> {
  const colours = picocolors.createColors(io.hasColours);
  const checked: string[] = [];
  let brokenCount = 0;
  for (const sample of shownFirst(samples)) {
    const passages = await passagesOf(sample, client);
    const title = shown.find(({ file }) => file === sample.file)?.title;
    if (title !== undefined) {
      io.stdout.write(`\n${colours.bold(`${sample.promisedMode}: ${title}`)} (${sample.file})\n\n`);
      for (const { title: object, before, after } of passages) {
        io.stdout.write(`${renderChange(object, before, after, io.hasColours)}\n`);
      }
    }
    for (const passage of passages) {
      const verdict =
        passage.broken.length === 0 ? colours.green('as promised') : colours.red('NOT as promised');
      checked.push(
        `  ${sample.promisedMode.padEnd(10)}  ${verdict}  ${sample.file}: ${passage.title}`,
      );
      checked.push(...passage.broken.map((broken) => `    ${broken}`));
      if (passage.broken.length > 0) brokenCount += 1;
    }
  }
  const { length } = checked.filter((line) => !line.startsWith('    '));
  io.stdout.write(
    `\n${colours.bold('Every sample')}\n${checked.join('\n')}\n\n${length - brokenCount} of ${length} objects came out as their samples promise.\n`,
  );
  return brokenCount === 0 && length > 0 ? ExitCode.ok : ExitCode.failed;
}

function shownFirst(samples: readonly Sample[]): Sample[] {
  const rank = ({ file }: Sample): number => {
    const index = shown.findIndex((one) => one.file === file);
    return index === -1 ? shown.length : index;
  };
  return samples.toSorted((left, right) => rank(left) - rank(right));
}

/** Sends what a sample file holds: Functions with the Pod that OpenFunction would make, Pods, workloads' Pods. */
async function passagesOf(sample: Sample, client: AdmissionClient): Promise<Passage[]> {
  const passages: Passage[] = [];
  for (const object of sample.objects) {
    const fn = readFunction(object, namespace);
    if (fn !== undefined) {
      passages.push(await passFunction(object, sample.promisedMode, client));
      const pod = functionPod(fn);
      if (pod !== undefined) passages.push(await passPod(pod, sample.promisedMode, client));
      continue;
    }
    const path = templatePathOf(object);
    const pod = path === undefined ? object : podOfTemplate(object, path);
    if (pod['kind'] === 'Pod') passages.push(await passPod(pod, sample.promisedMode, client));
  }
  return passages;
}

async function passFunction(
  object: JsonObject,
  mode: string,
  client: AdmissionClient,
): Promise<Passage> {
  const call = { operation: 'CREATE', namespace } as const;
  const mutated = await client.call({ ...call, path: '/mutate/functions', object });
  const after = applyPatch(object, mutated.patch);
  const validated = await client.call({ ...call, path: '/validate/functions', object: after });
  return {
    title: 'Function',
    before: object,
    after,
    broken: [...denials(mutated), ...denials(validated), ...brokenFunctionPromises(after, mode)],
  };
}

async function passPod(pod: JsonObject, mode: string, client: AdmissionClient): Promise<Passage> {
  const reply = await client.call({
    path: '/mutate/pods',
    operation: 'CREATE',
    namespace,
    object: pod,
  });
  const after = applyPatch(pod, reply.patch);
  return {
    title: 'Pod',
    before: pod,
    after,
    broken: [...denials(reply), ...brokenPodPromises(after, mode)],
  };
}

function denials(reply: AdmissionReply): string[] {
  return reply.isAllowed ? [] : [`denied: ${reply.message ?? 'without a message'}`];
}

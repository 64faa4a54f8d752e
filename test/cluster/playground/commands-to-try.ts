import { join } from 'node:path';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import { repositoryFolder } from '../../support/source-tree.ts';
import { enableDapr, serviceMode } from '../harness/fixtures.ts';
import { shellQuote } from './shell-quote.ts';

export interface CommandToTry {
  /** What it shows, in one sentence. */
  readonly shows: string;
  /** One line for a POSIX shell, in any folder. */
  readonly command: string;
}

/** Samples of a version, and the workload of one of them. */
interface Story {
  readonly functionFile: string;
  readonly functionName: string;
  readonly workloadFiles: readonly string[];
  readonly workload: string;
  /** Holds once the controller manager has made the Pods. */
  readonly podsMade: string;
}

const stories: Readonly<Record<FunctionVersion, Story>> = {
  v1beta1: {
    functionFile: 'cron-to-kafka.yaml',
    functionName: 'stock-count',
    workloadFiles: ['knative-kafka-output.yaml', 'pods/job.yaml'],
    workload: 'job/order-replay',
    podsMade: '{.status.active}=1',
  },
  v1beta2: {
    functionFile: 'two-topics.yaml',
    functionName: 'parcel-tracker',
    workloadFiles: ['pods/deployment.yaml'],
    workload: 'deployment/parcel-tracker-extra',
    podsMade: '{.status.replicas}=2',
  },
};

const modeLabel = 'baas.openfunction.io/mode';
const proxyLabel = 'baas.openfunction.io/proxy';

/** Commands that show what webhook and controller do, in this order. */
export function commandsToTry(version: FunctionVersion): CommandToTry[] {
  const story = stories[version];
  const patch = JSON.stringify({ spec: { serving: { annotations: { [serviceMode]: 'shared' } } } });
  return [
    {
      shows: `A Function gets the annotations that its file leaves out: ${enableDapr} "true" and ${serviceMode} "standalone".`,
      command: [
        `kubectl apply ${files([story.functionFile])}`,
        `kubectl get function ${story.functionName} -o jsonpath='{.spec.serving.annotations}{"\\n"}'`,
      ].join(' && '),
    },
    {
      shows:
        'Its Dapr proxy is there already, and what belongs to it: delete or edit any of these, and they are put back.',
      command: [
        `kubectl wait --for=create deployment/${story.functionName}-dapr-proxy --timeout=30s`,
        `kubectl get deployments,services,networkpolicies,components.dapr.io -l ${proxyLabel}=${story.functionName}`,
      ].join(' && '),
    },
    {
      shows: `The Pods of a workload come in the mode of their Function: the column MODE says standalone.`,
      command: [
        `kubectl apply ${files(story.workloadFiles)}`,
        `kubectl wait ${story.workload} --for=jsonpath='${story.podsMade}'`,
        `kubectl get pods -L ${modeLabel}`,
      ].join(' && '),
    },
    {
      shows:
        'A mode that does not exist is denied: kubectl says which there are, and exits with 1.',
      command: `kubectl patch function ${story.functionName} --type=merge -p ${shellQuote(patch)}`,
    },
  ];
}

function files(samples: readonly string[]): string {
  return samples
    .map((path) => `-f ${shellQuote(join(repositoryFolder, 'manifests/samples', path))}`)
    .join(' ');
}

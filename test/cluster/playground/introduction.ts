import { dirname, join } from 'node:path';
import type { FunctionVersion } from '../../../src/api/keys.ts';
import { type CommandToTry, commandsToTry } from './commands-to-try.ts';
import { shellQuote } from './shell-quote.ts';

export interface IntroductionFacts {
  readonly functions: FunctionVersion;
  readonly folder: string;
  readonly kubeconfig: string;
  readonly logFile: string;
  /** Path of a kubectl for those who have none. */
  readonly kubectl: string | undefined;
}

/** What somebody at a terminal wants to know once everything is up. */
export function introduction(facts: IntroductionFacts): string {
  const { functions, folder, kubeconfig, logFile, kubectl } = facts;
  // Else kubectl keeps what it learned in the user's home, under a port that another cluster may have next.
  const kubectlCache = join(folder, 'kubectl-cache');
  return `
A Kubernetes control plane with Functions at ${functions}, webhook and controller is up, on 127.0.0.1 only.
kubectl apply does here what it does in a cluster, but nothing runs: there is no
scheduler and no kubelet, so Pods are made and admitted, and stay Pending.

In another terminal:

  export KUBECONFIG=${shellQuote(kubeconfig)}
  export KUBECACHEDIR=${shellQuote(kubectlCache)}
${kubectl === undefined ? '' : `  export PATH=${shellQuote(dirname(kubectl))}:"$PATH"\n`}
${commandsToTry(functions).map(renderCommand).join('\n')}
Ctrl-C here stops it all and removes ${folder}.
The log of webhook and controller follows; as JSON it is in ${logFile}.

`;
}

function renderCommand({ shows, command }: CommandToTry, index: number): string {
  return `${index + 1}. ${shows}\n\n  ${command}\n`;
}

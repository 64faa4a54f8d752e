import { ClusterLookUp } from '../adapters/kubernetes/cluster-look-up.ts';
import { KubernetesConnection } from '../adapters/kubernetes/kubernetes-connection.ts';
import { loadKubeConfigContext } from '../adapters/kubernetes/load-kube-config-context.ts';
import { checkCluster } from '../rules/check/check-cluster.ts';
import { type Finding, type Level, worstLevel } from '../rules/check/finding.ts';
import { noKubernetesApi } from '../rules/check/kubernetes-api.ts';
import type { LookedUp } from '../rules/check/looked-up.ts';
import type { SettingsOf } from '../settings/option.ts';
import * as options from '../settings/options.ts';
import { gatherFacts } from './check/gather-facts.ts';
import { renderJson, renderText } from './check/render-report.ts';
import { defineCommand, ExitCode } from './command.ts';

const table = {
  kubeconfig: options.kubeconfig,
  kubeContext: options.kubeContext,
  installNamespace: options.installNamespace,
  output: options.reportFormat,
};

/** The exit code says the worst of all; 2 is what every command has for a wrong command line. */
const exitCodes: Readonly<Record<Level, number>> = {
  ok: ExitCode.ok,
  warning: 3,
  error: ExitCode.failed,
};

export const checkCommand = defineCommand({
  name: 'check',
  description:
    'Looks at an installation in a cluster with the rights of your kubeconfig, and says line by line what is well, what may not be, and what is wrong, with the way out. Nothing is changed: what it creates is a dry run. Exits with 0 when all is well, 1 when something is wrong, 3 when there are warnings alone.',
  examples: [
    'npm start -- check',
    'npm start -- check --kube-context production --install-namespace baas',
    'npm start --silent -- check -o json | jq \'.findings[] | select(.level != "ok")\'',
  ],
  options: table,
  async run(settings, io) {
    const findings = await findingsFor(settings);
    io.stdout.write(
      settings.output === 'json' ? renderJson(findings) : renderText(findings, io.hasColours),
    );
    return exitCodes[worstLevel(findings.map(({ level }) => level))];
  },
});

async function findingsFor(settings: SettingsOf<typeof table>): Promise<Finding[]> {
  const load = () => loadKubeConfigContext(settings.kubeconfig, settings.kubeContext);
  let connection: KubernetesConnection;
  let server: string | undefined;
  try {
    server = load().getCurrentCluster()?.server;
    connection = new KubernetesConnection(load);
  } catch (error) {
    const problem = (error as Error).message.replace(/\.$/, '');
    return [
      noKubernetesApi(
        `no way to the cluster: ${problem}`,
        'Name a kubeconfig with --kubeconfig or KUBECONFIG, and one of its contexts with --kube-context.',
      ),
    ];
  }
  try {
    const lookUp = new ClusterLookUp(connection);
    let version: LookedUp<string>;
    try {
      version = await lookUp.version();
    } catch (error) {
      return [
        noKubernetesApi(
          `no answer from ${server}: ${(error as Error).message}`,
          'See whether the kubeconfig and its context are the right ones (kubectl config current-context), and whether the API server can be reached from here.',
        ),
      ];
    }
    return checkCluster(await gatherFacts(lookUp, version, settings.installNamespace, new Date()));
  } finally {
    connection.close();
  }
}

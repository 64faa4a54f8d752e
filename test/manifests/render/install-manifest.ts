import { join } from 'node:path';
import { repositoryFolder } from '../../support/source-tree.ts';
import { renderChart } from './render-chart.ts';

export const installManifestPath = join(repositoryFolder, 'manifests/install.yaml');

/** The oldest Kubernetes that has every field in it; for older ones there is Helm. */
export const installKubeVersion = '1.30';

const header = `# Everything to install, for kubectl apply -f: the chart in manifests/chart with its default
# values, for Kubernetes ${installKubeVersion} and later. Rendered by npm run manifests; changes belong into the chart.
`;

/** Text of the manifest for `kubectl apply -f`. */
export async function renderInstallManifest(helm: string): Promise<string> {
  const rendered = await renderChart(helm, {
    kubeVersion: installKubeVersion,
    // kubectl makes no namespace by the way.
    values: { 'namespace.create': true },
    hooks: false,
  });
  return `${header}${rendered.trimEnd()}\n`;
}

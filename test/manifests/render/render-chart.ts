import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../../../src/api/json.ts';
import { projectName } from '../../../src/api/keys.ts';
import { repositoryFolder } from '../../support/source-tree.ts';
import { runHelm } from './helm.ts';

export const chartFolder = join(repositoryFolder, 'manifests/chart');

export interface RenderOptions {
  /** E.g. `1.30`; what Helm itself was made for when absent. */
  readonly kubeVersion?: string;
  /** Values, written as for `--set-json`. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Further ones, each `path=value` as for `--set`, which reads numbers as others than a file has. */
  readonly set?: readonly string[];
  /** Whether what runs at `helm uninstall` and the like is rendered, too. */
  readonly hooks?: boolean;
}

/** Helm refused: a value that is wrong, or a mistake in the chart. */
export class RenderError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RenderError';
  }
}

/** Arguments that hand values to Helm. */
export function valueArguments(values: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(values).flatMap(([path, value]) => [
    '--set-json',
    `${path}=${JSON.stringify(value)}`,
  ]);
}

/** What Helm makes of the chart, as text. @throws RenderError */
export async function renderChart(helm: string, options: RenderOptions = {}): Promise<string> {
  const { kubeVersion, values = {}, set = [], hooks = true } = options;
  const args = [
    ...['template', projectName, chartFolder, '--namespace', projectName],
    ...(kubeVersion === undefined ? [] : ['--kube-version', kubeVersion]),
    ...(hooks ? [] : ['--no-hooks']),
    ...valueArguments(values),
    ...set.flatMap((value) => ['--set', value]),
  ];
  const { exitCode, stdout, stderr } = await runHelm(args, { helm });
  if (exitCode !== 0) throw new RenderError(stderr.trim());
  return stdout;
}

/** Objects of rendered text. */
export function objectsIn(text: string): JsonObject[] {
  return parseAllDocuments(text)
    .map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0];
      return document.toJS() as JsonObject | null;
    })
    .filter((object) => object !== null);
}

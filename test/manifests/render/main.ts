import { readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { createTwoFilesPatch } from 'diff';
import { AssetsError } from '../../cluster/assets/assets-error.ts';
import { ensureHelm } from '../../cluster/assets/ensure-helm.ts';
import { repositoryFolder } from '../../support/source-tree.ts';
import { installManifestPath, renderInstallManifest } from './install-manifest.ts';
import { RenderError } from './render-chart.ts';

const help = `Renders manifests/chart into manifests/install.yaml, with the pinned Helm.

Usage: npm run manifests [-- --check]

  --check  write nothing; fail when the file is not what the chart renders to
`;

process.exitCode = await run(process.argv.slice(2));

async function run(args: readonly string[]): Promise<number> {
  const parsed = readArguments(args);
  if ('problem' in parsed) {
    process.stderr.write(`${parsed.problem}; see --help\n`);
    return 2;
  }
  if (parsed.help) {
    process.stdout.write(help);
    return 0;
  }
  try {
    const log = (line: string) => process.stderr.write(`manifests: ${line}\n`);
    const helm = await ensureHelm({ environment: process.env, log });
    const rendered = await renderInstallManifest(helm);
    return parsed.check ? await check(rendered) : await write(rendered);
  } catch (error) {
    if (!(error instanceof AssetsError || error instanceof RenderError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

async function write(rendered: string): Promise<number> {
  await writeFile(installManifestPath, rendered);
  process.stdout.write(`${relative(process.cwd(), installManifestPath)}\n`);
  return 0;
}

async function check(rendered: string): Promise<number> {
  const path = relative(repositoryFolder, installManifestPath);
  const present = await readFile(installManifestPath, 'utf8').catch(() => '');
  if (present === rendered) {
    process.stdout.write(`${path} is what the chart renders to\n`);
    return 0;
  }
  process.stderr.write(createTwoFilesPatch(path, 'rendered from the chart', present, rendered));
  process.stderr.write(`${path} is not what the chart renders to; npm run manifests writes it\n`);
  return 1;
}

function readArguments(
  args: readonly string[],
): { readonly help: boolean; readonly check: boolean } | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        check: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programNames } from '../../cluster/assets/program-names.ts';
import { repositoryFolder } from '../../support/source-tree.ts';
import { AssetWorld } from './asset-world.ts';
import { kubernetesVersionText, pinned } from './pinned.ts';

interface Run {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function runMain(args: readonly string[], environment: Record<string, string>): Promise<Run> {
  const main = join(repositoryFolder, 'test/cluster/assets/main.ts');
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env: environment }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

describe('the command', () => {
  it('prints the folder, and nothing else, on standard output', async () => {
    const world = await AssetWorld.create();
    await world.addGo();
    const folder = await world.addPrograms('given', programNames, kubernetesVersionText(0));
    const environment = { ...world.environmentWithTools, KUBEBUILDER_ASSETS: folder };
    const result = await runMain([], environment);
    expect(result).toMatchObject({ code: 0, stdout: `${folder}\n` });
    expect(result.stderr).toContain('assets: ready after ');
  });

  it('brings the other programs as well, and says so when it cannot', async () => {
    const world = await AssetWorld.create();
    const folder = await world.addPrograms('given', programNames, kubernetesVersionText(0));
    const without = await runMain([], { ...world.environment, KUBEBUILDER_ASSETS: folder });
    expect(without).toMatchObject({ code: 1, stdout: '' });
    expect(without.stderr).toContain('there is no go on the PATH');
    await world.addGo();
    const environment = { ...world.environmentWithTools, KUBEBUILDER_ASSETS: folder };
    const { stderr } = await runMain([], environment);
    for (const what of [
      'Helm v',
      'the injector of Dapr v',
      'daprd of Dapr v',
      'a function with ',
    ]) {
      expect(stderr).toContain(`building ${what}`);
    }
    expect((await runMain([], environment)).stderr).not.toContain('building');
  });

  it('helps', async () => {
    const world = await AssetWorld.create();
    const result = await runMain(['--help'], world.environment);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const variables = ['KUBEBUILDER_ASSETS', 'XDG_CACHE_HOME', 'GOPROXY'];
    for (const word of [...variables, ...Object.values(pinned)]) {
      expect(result.stdout).toContain(word);
    }
  });

  it('refuses what it does not know', async () => {
    const world = await AssetWorld.create();
    const result = await runMain(['--fast'], world.environment);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain("'--fast'");
  });
});

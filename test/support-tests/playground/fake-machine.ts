import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProgramName, programNames } from '../../cluster/assets/program-names.ts';
import type { ListedProcess } from '../../support/list-processes.ts';
import { AssetWorld } from '../assets/asset-world.ts';
import { kubernetesVersionText } from '../assets/pinned.ts';

/** What a program does that neither starts nor ends. */
export const hang = 'trap "" TERM INT; while :; do sleep 1; done';

/** A machine whose programs tell their version, and do as a shell script says beyond that. */
export async function machineWith(scripts: Partial<Record<ProgramName, string>>): Promise<{
  world: AssetWorld;
  /** Where temporary files go. */
  temporary: string;
  environment: Record<string, string>;
}> {
  const world = await AssetWorld.create();
  const version = kubernetesVersionText(0);
  const assets = await world.addPrograms('given', programNames, version);
  for (const [name, script] of Object.entries(scripts)) {
    const path = join(assets, name);
    await writeFile(
      path,
      `#!/bin/sh\nif [ "$1" = --version ]; then echo '${version}'; exit; fi\n${script}\n`,
    );
    await chmod(path, 0o755);
  }
  const temporary = join(world.folder, 'temporary');
  await mkdir(temporary);
  const environment = {
    ...world.environmentWithTools,
    KUBEBUILDER_ASSETS: assets,
    TMPDIR: temporary,
  };
  return { world, temporary, environment };
}

export function isFakeEtcd({ command }: ListedProcess): boolean {
  return command.includes('given/etcd --data-dir');
}

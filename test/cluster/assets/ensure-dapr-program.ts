import {
  type DaprProgram,
  daprModuleFolder,
  daprPrograms,
  hashDaprProgram,
  readDaprModule,
} from './dapr-module.ts';
import { type EnsureProgramOptions, ensureGoProgram } from './ensure-go-program.ts';

/**
 * Finds a program made of Dapr in the cache, or builds it: its sidecar, or what
 * does as its sidecar injector does. Each version of Dapr and each state of the
 * program has a place of its own there.
 *
 * @returns its path
 * @throws AssetsError when it cannot be built
 */
export async function ensureDaprProgram(
  program: DaprProgram,
  options: EnsureProgramOptions,
): Promise<string> {
  const { version, go } = await readDaprModule();
  return ensureGoProgram(
    {
      name: `dapr-${program}-${version}-${await hashDaprProgram(program)}`,
      build: {
        what: `${daprPrograms[program]} ${version}`,
        module: daprModuleFolder,
        go,
        // A build from modules knows no Git tag.
        linkerFlags: `-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=${version.slice(1)}`,
        packages: [`./${program}`],
      },
    },
    options,
  );
}

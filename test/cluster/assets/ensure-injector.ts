import { type EnsureProgramOptions, ensureGoProgram } from './ensure-go-program.ts';
import { injectorModuleFolder, readInjectorModule } from './injector-module.ts';

/**
 * Finds the program that does what Dapr's sidecar injector does in the cache, or
 * builds it. Each version of Dapr and each state of the program has a place of
 * its own there.
 *
 * @returns its path
 * @throws AssetsError when it cannot be built
 */
export async function ensureInjector(options: EnsureProgramOptions): Promise<string> {
  const { dapr, go, hash } = await readInjectorModule();
  return ensureGoProgram(
    {
      name: `dapr-injector-${dapr}-${hash}`,
      build: {
        what: `the injector of Dapr ${dapr}`,
        module: injectorModuleFolder,
        go,
        linkerFlags: '-s -w',
        packages: ['.'],
      },
    },
    options,
  );
}

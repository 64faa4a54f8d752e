import { fileURLToPath } from 'node:url';
import { type EnsureProgramOptions, ensureGoProgram } from './ensure-go-program.ts';
import { readGoModule } from './go-module.ts';
import { hashModule } from './hash-module.ts';

/** The Go module of a function that is written with OpenFunction's framework. */
const functionModuleFolder = fileURLToPath(new URL('../function', import.meta.url));

/**
 * Finds the function in the cache, or builds it.
 *
 * @returns its path
 * @throws AssetsError when it cannot be built
 */
export async function ensureGoFunction(options: EnsureProgramOptions): Promise<string> {
  const framework = 'github.com/OpenFunction/functions-framework-go';
  const { version, go } = await readGoModule(functionModuleFolder, framework);
  return ensureGoProgram(
    {
      name: `go-function-${version}-${await hashModule(functionModuleFolder)}`,
      build: {
        what: `a function with functions-framework-go ${version}`,
        module: functionModuleFolder,
        go,
        linkerFlags: '-s -w',
        packages: ['.'],
      },
    },
    options,
  );
}

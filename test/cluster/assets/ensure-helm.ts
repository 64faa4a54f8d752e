import { type EnsureProgramOptions, ensureGoProgram } from './ensure-go-program.ts';
import { helmModuleFolder, readHelmModule } from './helm-module.ts';

/**
 * Finds the pinned Helm in the cache, or builds it from its module.
 *
 * @returns its path
 * @throws AssetsError when it cannot be built
 */
export async function ensureHelm(options: EnsureProgramOptions): Promise<string> {
  const { helm, go, hash } = await readHelmModule();
  return ensureGoProgram(
    {
      name: `helm-${helm}-${hash}`,
      build: {
        what: `Helm ${helm}`,
        module: helmModuleFolder,
        go,
        // A build from modules knows no Git tag.
        linkerFlags: `-s -w -X helm.sh/helm/v4/internal/version.version=${helm}`,
        packages: ['helm.sh/helm/v4/cmd/helm'],
      },
    },
    options,
  );
}

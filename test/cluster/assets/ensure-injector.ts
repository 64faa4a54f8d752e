import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AssetsError } from './assets-error.ts';
import { projectCacheFolder } from './cache-folder.ts';
import type { EnsureAssetsOptions } from './ensure-assets.ts';
import { isExecutable } from './find-programs.ts';
import { withLock } from './folder-lock.ts';
import {
  type InjectorModule,
  injectorModuleFolder,
  readInjectorModule,
} from './injector-module.ts';
import { toPlatform } from './platform.ts';
import { type GoBuildContext, runGoBuild } from './run-go-build.ts';

export type EnsureInjectorOptions = Omit<EnsureAssetsOptions, 'releases'>;

/**
 * Finds the program that does what Dapr's sidecar injector does in the cache, or
 * builds it. Each version of Dapr and each state of the program has a place of
 * its own there.
 *
 * @returns its path
 * @throws AssetsError when it cannot be built
 */
export async function ensureInjector({
  environment,
  log,
  stopSignal = new AbortController().signal,
  platform = toPlatform(process.platform, process.arch),
}: EnsureInjectorOptions): Promise<string> {
  const module = await readInjectorModule();
  const name = `dapr-injector-${module.dapr}-${module.hash}-${platform.os}-${platform.architecture}`;
  const path = join(projectCacheFolder(environment), name);
  if (await isExecutable(path)) return path;
  const context = { environment, log, stopSignal, platform };
  await mkdir(dirname(path), { recursive: true });
  await withLock(`${path}.lock`, context, async () => {
    // Looked at once more: whoever had the lock before may have built it.
    if (!(await isExecutable(path))) await build(module, path, context);
  });
  return path;
}

/** Moves it into its place when it is whole. */
async function build(module: InjectorModule, path: string, context: GoBuildContext): Promise<void> {
  const partial = `${path}.partial`;
  const problems = await runGoBuild(
    {
      what: `the injector of Dapr ${module.dapr}`,
      duration: 'the first build takes a few minutes, a later one seconds',
      module: injectorModuleFolder,
      go: module.go,
      linkerFlags: '-s -w',
      output: partial,
      packages: ['.'],
    },
    dirname(path),
    context,
  );
  if (problems.length > 0) {
    throw new AssetsError(
      [
        `The injector of Dapr ${module.dapr} cannot be built for the test cluster:`,
        ...problems.map((problem) => `  - ${problem.replaceAll('\n', '\n    ')}`),
        `Install Go ${module.go} or newer, and set GOPROXY to a module proxy that this machine reaches.`,
      ].join('\n'),
    );
  }
  await rename(partial, path);
}

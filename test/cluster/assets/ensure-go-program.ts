import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AssetsError } from './assets-error.ts';
import { projectCacheFolder } from './cache-folder.ts';
import type { EnsureAssetsOptions } from './ensure-assets.ts';
import { isExecutable } from './find-programs.ts';
import { withLock } from './folder-lock.ts';
import { toPlatform } from './platform.ts';
import { type GoBuild, type GoBuildContext, runGoBuild } from './run-go-build.ts';

export type EnsureProgramOptions = Omit<EnsureAssetsOptions, 'releases'>;

/** A program that no release is downloaded of. */
export interface GoProgram {
  /** Begins its file's name; says what it is made of, so that each state has a place of its own. */
  readonly name: string;
  readonly build: Omit<GoBuild, 'duration' | 'output'>;
}

/**
 * Finds a program in the cache, or builds it there.
 *
 * @returns its path
 * @throws AssetsError when it cannot be built
 */
export async function ensureGoProgram(
  { name, build }: GoProgram,
  {
    environment,
    log,
    stopSignal = new AbortController().signal,
    platform = toPlatform(process.platform, process.arch),
  }: EnsureProgramOptions,
): Promise<string> {
  const fileName = `${name}-${platform.os}-${platform.architecture}`;
  const path = join(projectCacheFolder(environment), fileName);
  if (await isExecutable(path)) return path;
  const context = { environment, log, stopSignal, platform };
  await mkdir(dirname(path), { recursive: true });
  await withLock(`${path}.lock`, context, async () => {
    // Looked at once more: whoever had the lock before may have built it.
    if (!(await isExecutable(path))) await bring(build, path, context);
  });
  return path;
}

/** Moves it into its place when it is whole. */
async function bring(
  build: GoProgram['build'],
  path: string,
  context: GoBuildContext,
): Promise<void> {
  const partial = `${path}.partial`;
  const duration = 'the first build takes a few minutes, a later one seconds';
  const problems = await runGoBuild(
    { ...build, duration, output: partial },
    dirname(path),
    context,
  );
  if (problems.length > 0) {
    throw new AssetsError(
      [
        `Cannot build ${build.what}:`,
        ...problems.map((problem) => `  - ${problem.replaceAll('\n', '\n    ')}`),
        `Install Go ${build.go} or newer, and set GOPROXY to a module proxy that this machine reaches.`,
      ].join('\n'),
    );
  }
  await rename(partial, path);
}

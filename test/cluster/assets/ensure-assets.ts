import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { AssetSource, Environment, Log, SourceContext } from './asset-source.ts';
import { AssetsError } from './assets-error.ts';
import { cacheFolder } from './cache-folder.ts';
import { type Attempt, describeAttempts } from './describe-attempts.ts';
import { findPrograms } from './find-programs.ts';
import { withLock } from './folder-lock.ts';
import { goBuild } from './go-build.ts';
import { findKubebuilderAssets } from './kubebuilder-assets.ts';
import { readPinnedVersions } from './pinned-versions.ts';
import { type Platform, toPlatform } from './platform.ts';
import { type ProgramName, programNames } from './program-names.ts';
import { createReleaseDownload, type ReleaseSite, upstreamReleases } from './release-download.ts';

/** Absolute paths of the programs. */
export interface AssetPaths {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly kubectl: string;
}

export interface EnsureAssetsOptions {
  readonly environment: Environment;
  readonly log: Log;
  readonly stopSignal?: AbortSignal;
  /** Where releases come from. */
  readonly releases?: ReleaseSite;
  readonly platform?: Platform;
}

/**
 * Finds the programs of the test cluster, or brings them: from
 * `KUBEBUILDER_ASSETS`, from the cache, as downloads, as a build, in this order
 * and each program from the first source that has it.
 *
 * @throws AssetsError when some program cannot be had, with the reason for every source
 */
export async function ensureAssets({
  environment,
  log,
  stopSignal = new AbortController().signal,
  releases = upstreamReleases,
  platform = toPlatform(process.platform, process.arch),
}: EnsureAssetsOptions): Promise<AssetPaths> {
  const versions = await readPinnedVersions();
  const context = { versions, platform, environment, log, stopSignal };

  const given = await findKubebuilderAssets(context);
  if (given.found.size > 0) log(`KUBEBUILDER_ASSETS has ${[...given.found.keys()].join(', ')}`);
  else if (environment['KUBEBUILDER_ASSETS'])
    log(`KUBEBUILDER_ASSETS: ${given.problems.join('; ')}`);
  const wanted = programNames.filter((name) => !given.found.has(name));

  const folder = cacheFolder(environment, versions, platform);
  let cached = await findPrograms(folder);
  if (wanted.some((name) => !cached.has(name))) {
    const attempts = [{ source: 'KUBEBUILDER_ASSETS', problems: given.problems }];
    const sources = [createReleaseDownload(releases), goBuild];
    await mkdir(folder, { recursive: true });
    cached = await withLock(`${folder}.lock`, context, () =>
      fillCache(folder, wanted, sources, attempts, context),
    );
  }
  return toAssetPaths(new Map([...cached, ...given.found]));
}

/** Asks one source after the other for what the cache lacks. */
async function fillCache(
  folder: string,
  wanted: readonly ProgramName[],
  sources: readonly AssetSource[],
  earlierAttempts: readonly Attempt[],
  context: SourceContext,
): Promise<Map<ProgramName, string>> {
  await removeLeftovers(folder);
  // Looked at once more: whoever had the lock before may have brought them.
  let cached = await findPrograms(folder);
  let missing = wanted.filter((name) => !cached.has(name));
  const attempts = [
    ...earlierAttempts,
    { source: 'the cache', problems: [`${folder} has no ${missing.join(', ')}`] },
  ];
  for (const source of sources) {
    if (missing.length === 0) break;
    const problems = await askSource(source, missing, folder, context);
    attempts.push({ source: source.name, problems });
    cached = await findPrograms(folder);
    missing = wanted.filter((name) => !cached.has(name));
    // After the last source they are part of the message instead.
    if (source !== sources.at(-1)) for (const problem of problems) context.log(problem);
  }
  if (missing.length === 0) return cached;
  const { versions, platform } = context;
  throw new AssetsError(describeAttempts({ missing, attempts, versions, platform }));
}

/** Moves what a source brings into the cache, each program at once and whole. */
async function askSource(
  source: AssetSource,
  missing: readonly ProgramName[],
  folder: string,
  context: SourceContext,
): Promise<readonly string[]> {
  const staging = await mkdtemp(`${folder}.partial-`);
  try {
    const problems = await source.bring(missing, staging, context);
    const brought = new Set(await readdir(staging));
    for (const name of missing.filter((name) => brought.has(name))) {
      await chmod(join(staging, name), 0o755);
      await rename(join(staging, name), join(folder, name));
    }
    return problems;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** What a run that was killed has left; whoever has the lock knows that nobody is using it. */
async function removeLeftovers(folder: string): Promise<void> {
  const parent = dirname(folder);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(`${basename(folder)}.partial-`)) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function toAssetPaths(found: ReadonlyMap<ProgramName, string>): AssetPaths {
  const pathOf = (name: ProgramName): string => {
    const path = found.get(name);
    if (path === undefined) throw new Error(`${name} was there a moment ago`);
    return path;
  };
  return {
    etcd: pathOf('etcd'),
    kubeApiserver: pathOf('kube-apiserver'),
    kubeControllerManager: pathOf('kube-controller-manager'),
    kubectl: pathOf('kubectl'),
  };
}

import { resolve } from 'node:path';
import type { SourceContext } from './asset-source.ts';
import { findPrograms } from './find-programs.ts';
import { type ProgramName, programNames } from './program-names.ts';
import { readProgramVersion } from './program-version.ts';
import { findVersionNumber, formatVersion, type VersionNumber } from './version-number.ts';
import { findVersionSkew } from './version-skew.ts';

export interface GivenAssets {
  readonly found: ReadonlyMap<ProgramName, string>;
  /** Why not all of them are there. */
  readonly problems: readonly string[];
}

/**
 * The programs in the folder that `KUBEBUILDER_ASSETS` names.
 *
 * Kubebuilder's own folder has no kube-controller-manager, so what is missing
 * comes from elsewhere in the pinned version. That is only sound when the two
 * versions go together; when they do not, nothing of the folder is used.
 */
export async function findKubebuilderAssets(context: SourceContext): Promise<GivenAssets> {
  const given = context.environment['KUBEBUILDER_ASSETS'];
  if (given === undefined || given === '') return nothing('it is not set');
  const folder = resolve(given);
  const found = await findPrograms(folder);
  if (found.size === 0) return nothing(`${folder} has none of ${programNames.join(', ')}`);

  const versions = new Map<ProgramName, VersionNumber>();
  for (const [name, path] of found) {
    const version = await readProgramVersion(name, path, context.environment);
    if (version === undefined) return nothing(`${path} does not tell its version on this machine`);
    versions.set(name, version);
  }
  const pinned = pinnedVersion(context);
  const versionOf = (name: ProgramName) => versions.get(name) ?? pinned;
  const describe = (name: ProgramName) =>
    `${name} ${formatVersion(versionOf(name))} (${versions.has(name) ? 'in the folder' : 'pinned'})`;
  const misfit = findVersionSkew({
    'kube-apiserver': versionOf('kube-apiserver'),
    'kube-controller-manager': versionOf('kube-controller-manager'),
    kubectl: versionOf('kubectl'),
  });
  if (misfit !== undefined) {
    return nothing(
      `${folder} is not used: ${describe(misfit)} does not go with ${describe('kube-apiserver')}`,
    );
  }
  const missing = programNames.filter((name) => !found.has(name));
  return {
    found,
    problems: missing.length === 0 ? [] : [`${folder} has no ${missing.join(', ')}`],
  };
}

function nothing(problem: string): GivenAssets {
  return { found: new Map(), problems: [problem] };
}

function pinnedVersion({ versions }: SourceContext): VersionNumber {
  const version = findVersionNumber(versions.kubernetes);
  if (version === undefined) throw new Error(`${versions.kubernetes} is no version`);
  return version;
}

import type { Environment } from './asset-source.ts';
import type { ProgramName } from './program-names.ts';
import { runTool } from './run-tool.ts';
import { findVersionNumber, type VersionNumber } from './version-number.ts';

/** Printing a version takes well under a second, except on a machine that is very busy. */
const timeoutMs = 20_000;

/** Asks a program for its version. Nothing when it does not run here, or has none to tell. */
export async function readProgramVersion(
  name: ProgramName,
  path: string,
  environment: Environment,
): Promise<VersionNumber | undefined> {
  const args = name === 'kubectl' ? ['version', '--client'] : ['--version'];
  const result = await runTool(path, args, { environment, timeoutMs });
  if (typeof result === 'string' || result.exitCode !== 0) return undefined;
  return findVersionNumber(result.stdout);
}

import type { PinnedVersions } from './pinned-versions.ts';
import type { Platform } from './platform.ts';
import type { ProgramName } from './program-names.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type Log = (line: string) => void;

/** What every source is told. */
export interface SourceContext {
  readonly versions: PinnedVersions;
  readonly platform: Platform;
  readonly environment: Environment;
  readonly log: Log;
  readonly stopSignal: AbortSignal;
}

/** Where programs of the pinned versions come from. */
export interface AssetSource {
  /** What it is called when it could not help. */
  readonly name: string;
  /**
   * Puts each of the wanted programs that it has into the folder, under the
   * program's name and only once it is whole.
   *
   * @returns why the others are not there
   */
  bring(
    wanted: readonly ProgramName[],
    folder: string,
    context: SourceContext,
  ): Promise<readonly string[]>;
}

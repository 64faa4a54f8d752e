import { FileFunctionSource } from '../adapters/files/file-function-source.ts';
import type { Logger } from '../adapters/log.ts';
import type { FunctionSource } from '../admission/function-source.ts';

/** A source of Functions, running. */
export interface OpenedSource {
  readonly source: FunctionSource;
  /** What it lacks to be complete; empty when it is. */
  missing(): readonly string[];
  /** How long ago each watched resource was heard of; nothing where nothing is watched over a network. */
  staleness(): readonly { resource: string; seconds: number }[];
  stop(): Promise<void>;
}

export type OpenResult =
  | { readonly opened: OpenedSource; readonly functionCount: number }
  | { readonly problems: readonly string[] };

/** Functions from files. Fails with everything that cannot be read. */
export async function openFiles(paths: readonly string[], log: Logger): Promise<OpenResult> {
  const files = new FileFunctionSource(paths, log);
  const problems = await files.start();
  if (problems.length > 0) return { problems };
  return {
    opened: {
      source: files.source,
      missing: () => [],
      staleness: () => [],
      stop: () => files.stop(),
    },
    functionCount: files.functionCount,
  };
}

import { readGoMod } from './read-go-mod.ts';

export interface GoModule {
  /** Of its main requirement, e.g. `v1.18.2`. */
  readonly version: string;
  /** The oldest Go that builds it, without a `v`. */
  readonly go: string;
}

/** @param requirement path of the module that it is about, e.g. `github.com/dapr/dapr` */
export async function readGoModule(folder: string, requirement: string): Promise<GoModule> {
  const find = await readGoMod(folder);
  return {
    version: find(
      new RegExp(`^\\s*(?:require )?${requirement.replaceAll('.', '\\.')} (v\\S+)`, 'm'),
    ),
    go: find(/^go (\S+)$/m),
  };
}

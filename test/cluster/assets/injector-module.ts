import { fileURLToPath } from 'node:url';
import { hashModule } from './hash-module.ts';
import { readGoMod } from './read-go-mod.ts';

/** The Go module of the program that does what Dapr's sidecar injector does. */
export const injectorModuleFolder = fileURLToPath(new URL('../injector', import.meta.url));

export interface InjectorModule {
  /** Version of Dapr, e.g. `v1.18.3`. */
  readonly dapr: string;
  /** The oldest Go that builds it, without a `v`. */
  readonly go: string;
  /** Of its program, requirements and checksums. */
  readonly hash: string;
}

export async function readInjectorModule(): Promise<InjectorModule> {
  const find = await readGoMod(injectorModuleFolder);
  return {
    dapr: find(/^\s*github\.com\/dapr\/dapr (v\S+)/m),
    go: find(/^go (\S+)$/m),
    hash: await hashModule(injectorModuleFolder),
  };
}

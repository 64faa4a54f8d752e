import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readGoMod } from './read-go-mod.ts';

/** The Go module of the program that does what Dapr's sidecar injector does. */
export const injectorModuleFolder = fileURLToPath(new URL('../injector', import.meta.url));

/** What the program is made of, and nothing that Go may leave there. */
const sourceFile = /\.go$|^go\.(mod|sum)$/;

/** Enough to tell the states of one small program apart, short enough for a file name. */
const hashLength = 12;

export interface InjectorModule {
  /** Version of Dapr, e.g. `v1.18.3`. */
  readonly dapr: string;
  /** The oldest Go that builds it, without a `v`. */
  readonly go: string;
  /** Of its program, requirements and checksums. */
  readonly hash: string;
}

export async function readInjectorModule(): Promise<InjectorModule> {
  const hash = createHash('sha256');
  const names = (await readdir(injectorModuleFolder)).filter((name) => sourceFile.test(name));
  for (const name of names.toSorted()) {
    hash.update(`${name}\0`).update(await readFile(join(injectorModuleFolder, name)));
  }
  const find = await readGoMod(injectorModuleFolder);
  return {
    dapr: find(/^\s*github\.com\/dapr\/dapr (v\S+)/m),
    go: find(/^go (\S+)$/m),
    hash: hash.digest('hex').slice(0, hashLength),
  };
}

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a program is made of, and nothing that Go may leave there. */
const sourceFile = /\.go$|^go\.(mod|sum)$/;

/** Enough to tell the states of one small program apart, short enough for a file name. */
const hashLength = 12;

/**
 * A hash of a Go module's requirements and checksums, and of a program.
 *
 * @param folders the module's, and the program's where it is another one
 */
export async function hashModule(...folders: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const names = (await readdir(folder)).filter((name) => sourceFile.test(name));
    for (const name of names.toSorted()) {
      hash.update(`${name}\0`).update(await readFile(join(folder, name)));
    }
  }
  return hash.digest('hex').slice(0, hashLength);
}

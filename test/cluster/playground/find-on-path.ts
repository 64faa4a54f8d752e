import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Where a shell finds a program; undefined where it finds none. */
export async function findOnPath(
  program: string,
  path: string | undefined,
): Promise<string | undefined> {
  for (const folder of (path ?? '').split(delimiter)) {
    // An empty one stands for the current folder, which is another in another terminal.
    if (folder === '') continue;
    const candidate = join(folder, program);
    const isThere = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return candidate;
  }
  return undefined;
}

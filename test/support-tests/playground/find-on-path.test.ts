import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findOnPath } from '../../cluster/playground/find-on-path.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('a program is found in the first folder of the PATH that has it and may run it', async () => {
  const folder = await temporaryFolder();
  const [locked, first, second] = ['locked', 'first', 'second'].map((name) => join(folder, name));
  for (const path of [locked, first, second]) {
    if (path === undefined) throw new Error('a folder is missing');
    await mkdir(path);
    await writeFile(join(path, 'kubectl'), '', { mode: path === locked ? 0o644 : 0o755 });
  }
  const path = `:${folder}/none:${locked}:${first}:${second}`;
  expect(await findOnPath('kubectl', path)).toBe(join(first ?? '', 'kubectl'));
  expect(await findOnPath('kubectl', `${locked}`)).toBeUndefined();
  expect(await findOnPath('kubectl', '')).toBeUndefined();
  expect(await findOnPath('kubectl', undefined)).toBeUndefined();
});

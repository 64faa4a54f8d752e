import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { type ProgramName, programNames } from './program-names.ts';

/** The programs that are in a folder, with their paths. */
export async function findPrograms(folder: string): Promise<Map<ProgramName, string>> {
  const found = new Map<ProgramName, string>();
  for (const name of programNames) {
    const path = join(folder, name);
    if (await isExecutable(path)) found.set(name, path);
  }
  return found;
}

/** Whether there is a file that may be run. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

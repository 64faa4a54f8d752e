import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const extensions: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);

/** Whether a file in a folder is read; one that is named by itself is read whatever it is called. */
export function isObjectFile(path: string): boolean {
  return extensions.has(extname(path).toLowerCase());
}

/**
 * The files that a `-f` names: itself, or the YAML and JSON files of a folder
 * and its folders, in alphabetical order.
 *
 * @throws the file system's error when the path cannot be read
 */
export async function listFiles(path: string): Promise<string[]> {
  const found = await stat(path);
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && isObjectFile(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

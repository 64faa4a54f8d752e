import { lstat, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const extensions: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);

/**
 * The files that a `-f` names: itself, or the YAML and JSON files of a folder
 * and its folders, in alphabetical order.
 *
 * Links to folders are not followed, since they may lead in circles. Folders
 * that begin with `..` are left out: the kubelet keeps the real files of a
 * mounted ConfigMap there, and links to them beside it.
 *
 * @throws the file system's error when the path cannot be read
 */
export async function listFiles(path: string): Promise<string[]> {
  const found = await stat(path);
  if (!found.isDirectory()) return [path];
  const files: string[] = [];
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const entryPath = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('..')) folders.push(entryPath);
      } else if (extensions.has(extname(entry.name).toLowerCase()) && (await isFile(entryPath))) {
        files.push(entryPath);
      }
    }
  }
  return files.sort();
}

/**
 * What tells whether a file changed: where it is, which one it is, how large, and
 * when it was last written, through links. A file that is gone has one, too.
 */
export async function fingerprintOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return `${file} ${ino} ${size} ${mtimeMs}`;
  } catch {
    return `${file} gone`;
  }
}

/** A link counts when it leads to a file. */
async function isFile(path: string): Promise<boolean> {
  try {
    const found = await lstat(path);
    return (found.isSymbolicLink() ? await stat(path) : found).isFile();
  } catch {
    // Gone since it was listed, or a link to nowhere.
    return false;
  }
}

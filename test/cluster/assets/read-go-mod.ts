import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Reads a module's `go.mod`, the only place that spells versions.
 *
 * @returns what finds the first group of a pattern in it, and throws where there is none
 */
export async function readGoMod(folder: string): Promise<(pattern: RegExp) => string> {
  const path = join(folder, 'go.mod');
  const text = await readFile(path, 'utf8');
  return (pattern) => {
    const found = pattern.exec(text)?.[1];
    if (found === undefined) throw new Error(`${path} has no line like ${pattern.source}`);
    return found;
  };
}

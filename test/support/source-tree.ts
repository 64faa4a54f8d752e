import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's top folder. */
export const repositoryFolder = fileURLToPath(new URL('../..', import.meta.url));

const sourceFolder = join(repositoryFolder, 'src');

/** Every source file, as path below `src` and content. */
export function readSources(): Map<string, string> {
  const sources = new Map<string, string>();
  for (const entry of readdirSync(sourceFolder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    const path = join(entry.parentPath, entry.name);
    sources.set(relative(sourceFolder, path), readFileSync(path, 'utf8'));
  }
  return sources;
}

export function readDocument(path: string): string {
  return readFileSync(join(repositoryFolder, path), 'utf8');
}

/** Code without comments, so that a word in a sentence is no use of it. */
export function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

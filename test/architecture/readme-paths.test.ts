import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDocument, repositoryFolder } from '../support/source-tree.ts';

const [, guide = ''] = readDocument('README.md').split('## Finding your way in `src/`');
const [folders = '', questions = '', adapters = ''] = guide.match(/(^\|.*\n)+/gm) ?? [];

/** What stands between backticks in one column of a table, its header left out. */
function named(table: string, column: number): string[] {
  const rows = table.split('\n').slice(2);
  return rows.flatMap((row) =>
    [...(row.split('|')[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
}

/** Names of files, and of folders with a slash behind them. */
async function entriesOf(folder: string): Promise<string[]> {
  const entries = await readdir(join(repositoryFolder, folder), { withFileTypes: true });
  return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
}

describe("the README's guide to the sources", () => {
  it('has every folder', async () => {
    expect(named(folders, 1).sort()).toEqual((await entriesOf('src')).sort());
  });

  it('has every folder of adapters', async () => {
    const found = (await entriesOf('src/adapters')).filter((name) => name.endsWith('/'));
    expect(named(adapters, 1).sort()).toEqual(found.sort());
  });

  it('names files that there are', () => {
    const files = named(questions, 2);
    expect(files).not.toEqual([]);
    expect(files.filter((name) => !existsSync(join(repositoryFolder, 'src', name)))).toEqual([]);
  });
});

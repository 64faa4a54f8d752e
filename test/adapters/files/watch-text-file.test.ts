import { rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { watchText, watchTextFile } from '../../../src/adapters/files/watch-text-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('other text in a file is told, each time, also where a link leads to another one', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'settings.yaml');
  // As a ConfigMap is mounted.
  const write = async (text: string): Promise<void> => {
    await writeFile(join(folder, text), text);
    await symlink(text, `${path}.new`);
    await rename(`${path}.new`, path);
  };
  await write('one');
  const stop = new AbortController();
  const told = vi.fn();
  const watching = watchTextFile(path, told, stop.signal, 5);
  onTestFinished(async () => {
    stop.abort();
    await watching;
  });
  // Until its text was read once, nobody can tell a change.
  for (let round = 0; told.mock.calls.length === 0; round += 1) {
    await write(`two-${round}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const before = told.mock.calls.length;
  await write('three');
  await vi.waitFor(() => expect(told.mock.calls.length).toBeGreaterThan(before));
});

test.each<[what: string, texts: (string | undefined)[], changes: number]>([
  ['the same text', ['a', 'a', 'a'], 0],
  ['a file that goes and comes back', ['a', undefined, 'a'], 0],
  ['a file that could not be read before', [undefined, 'a', 'a'], 0],
  ['two changes', ['a', 'b', 'b', 'a'], 2],
  ['a change while it could not be read', ['a', undefined, 'b'], 1],
])('%s: %j', async (_what, texts, changes) => {
  const stop = new AbortController();
  const told = vi.fn();
  const left = [...texts];
  const read = async (): Promise<string | undefined> => {
    if (left.length === 0) stop.abort();
    return left.shift();
  };
  await watchText(read, told, stop.signal, 0);
  expect(told).toHaveBeenCalledTimes(changes);
});

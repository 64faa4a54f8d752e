import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseObjects, readFiles } from '../../../src/adapters/files/read-objects.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n';

describe('reading objects', () => {
  it('tells each object from which document it comes', () => {
    const { objects, problems } = parseObjects(`${configMap}---\n${configMap}`, 'a.yaml');
    expect(problems).toEqual([]);
    expect(objects.map(({ origin }) => origin)).toEqual([
      'a.yaml, document 1',
      'a.yaml, document 2',
    ]);
  });

  it('takes what has no object in it', () => {
    for (const text of ['', '\n', '# only this\n', '---\n', '---\n# a\n---\n', 'null\n']) {
      expect(parseObjects(text, 'a.yaml')).toEqual({ objects: [], problems: [] });
    }
  });

  it('takes JSON, and the items of Lists within Lists', () => {
    const item = { apiVersion: 'v1', kind: 'ConfigMap' };
    const list = { apiVersion: 'v1', kind: 'List', items: [item] };
    const { objects } = parseObjects(JSON.stringify({ ...list, items: [item, list] }), 'a.json');
    expect(objects.map(({ object, origin }) => [object['kind'], origin])).toEqual([
      ['ConfigMap', 'a.json, document 1, items[0]'],
      ['ConfigMap', 'a.json, document 1, items[1], items[0]'],
    ]);
  });

  it('resolves anchors and merge keys', () => {
    const text = 'apiVersion: v1\nkind: X\na: &a { b: 1 }\nc: { <<: *a, d: 2 }\n';
    expect(parseObjects(text, 'a.yaml').objects[0]?.object['c']).toEqual({ b: 1, d: 2 });
  });

  it.each([
    ['no YAML', 'a: [', /document 1: /],
    ['a tab for indentation', 'a:\n\t- b', /document 1: /],
    ['a key twice', 'kind: A\nkind: B\napiVersion: v1', /document 1: Map keys must be unique/],
    ['a text', 'hello', /document 1: not a Kubernetes object, but a string/],
    ['a list', '- 1', /document 1: not a Kubernetes object, but a list/],
    ['no kind', 'apiVersion: v1', /kind is not set/],
    ['no apiVersion', 'kind: X', /apiVersion is not set/],
    ['an object that holds itself', 'apiVersion: v1\nkind: X\na: &a { b: *a }', /holds itself/],
    ['aliases that multiply', bomb(), /Excessive alias count/],
    ['nesting without end', `a: ${'['.repeat(100_000)}`, /stack/],
    ['nesting that JSON could not hold', `a: ${'{"a":'.repeat(2_000)}`, /document 1: /],
  ])('reports %s', (_what, text, expected) => {
    const { objects, problems } = parseObjects(text, 'a.yaml');
    expect(objects).toEqual([]);
    expect(problems.join('\n')).toMatch(expected);
  });

  it('reads a folder with its folders, YAML and JSON alone, in order', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'b'));
    await writeFile(join(folder, 'c.yml'), configMap);
    await writeFile(join(folder, 'b/a.json'), '{"apiVersion":"v1","kind":"X"}');
    await writeFile(join(folder, 'a.yaml'), configMap);
    await writeFile(join(folder, 'notes.txt'), 'not: [');
    const contents = await readFiles([folder, join(folder, 'notes.txt'), join(folder, 'none')]);
    expect(contents.map(({ file }) => file.slice(folder.length + 1))).toEqual([
      'a.yaml',
      'b/a.json',
      'c.yml',
      'notes.txt',
      'none',
    ]);
    expect(contents.map(({ problems }) => problems.length)).toEqual([0, 0, 0, 1, 1]);
    expect(contents.at(-1)?.problems[0]).toContain('no such file or folder');
  });
});

/** Nine lists, each of nine aliases of the one before. */
function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level += 1) {
    const aliases = Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ');
    lines.push(`a${level}: &a${level} [${aliases}]`);
  }
  return `apiVersion: v1\nkind: X\n${lines.join('\n')}\n`;
}

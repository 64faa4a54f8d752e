import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettingsFile } from '../../src/commands/load-settings-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function load(text: string) {
  const path = join(await temporaryFolder(), 'settings.yaml');
  await writeFile(path, text);
  const file = await loadSettingsFile(path);
  expect(file.path).toBe(path);
  return file;
}

describe('a settings file on the disk', () => {
  it('keeps every scalar as the text it is written as', async () => {
    const { content, problems } = await load(`
proxy-image: 1.10
proxy-replicas: 2
network-policy: false
proxy-cpu-limit: 0x10
proxy-memory-limit: 1e9
proxy-priority-class: ~
proxy-tolerations: [yes, 'null']
proxy-labels: { a: 1, b: null, c: "" }
lease-name:
`);
    expect(problems).toEqual([]);
    expect(content).toEqual({
      'proxy-image': '1.10',
      'proxy-replicas': '2',
      'network-policy': 'false',
      'proxy-cpu-limit': '0x10',
      'proxy-memory-limit': '1e9',
      'proxy-priority-class': null,
      'proxy-tolerations': ['yes', 'null'],
      'proxy-labels': { a: '1', b: null, c: '' },
      'lease-name': null,
    });
  });

  it('may be JSON', async () => {
    const { content } = await load('{ "proxy-replicas": 2, "leader-elect": false, "a": [1] }');
    expect(content).toEqual({ 'proxy-replicas': '2', 'leader-elect': 'false', a: ['1'] });
  });

  it('may be empty', async () => {
    for (const text of ['', '# nothing\n', '---\n']) {
      expect(await load(text)).toMatchObject({ content: null, problems: [] });
    }
  });

  it.each([
    ['broken YAML', 'a: [', /at line 1/],
    ['a setting twice', 'port: 1\nport: 2', /Map keys must be unique at line 2, column 1/],
    ['several documents', 'a: 1\n---\nb: 2', /multiple documents/],
    ['a tag of its own', 'a: !number 3', /Unresolved tag/],
    ['an alias of nothing', 'a: *b', /alias/],
    ['too many aliases', `a: &a [x, x]\nb: [${'*a, '.repeat(200)}]`, /alias/],
  ])('may not hold %s', async (_what, text, problem) => {
    const file = await load(text);
    expect(file.content).toBeNull();
    expect(file.problems).not.toEqual([]);
    for (const one of file.problems) expect(one).not.toContain('\n');
    expect(file.problems.join()).toMatch(problem);
  });

  it('has to be there, and to be a file', async () => {
    const folder = await temporaryFolder();
    expect(await loadSettingsFile(join(folder, 'none.yaml'))).toMatchObject({
      content: null,
      problems: ['no such file'],
    });
    expect((await loadSettingsFile(folder)).problems).toEqual([expect.stringMatching(/EISDIR/)]);
  });
});

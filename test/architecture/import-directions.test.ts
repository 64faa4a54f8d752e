import { describe, expect, it } from 'vitest';
import { importViolations, layers } from '../support/import-directions.ts';
import { readSources } from '../support/source-tree.ts';

describe('the import directions', () => {
  it('hold in every source file', () => {
    const sources = readSources();
    expect(sources.size).toBeGreaterThan(50);
    expect(importViolations(sources)).toEqual([]);
  });

  it('name layers that exist', () => {
    const folders = new Set([...readSources().keys()].map((path) => path.split('/', 1)[0]));
    expect([...folders].sort()).toEqual(Object.keys(layers).sort());
  });

  const planted: readonly [what: string, path: string, code: string][] = [
    [
      'a rule that imports a Node module',
      'rules/planted.ts',
      "import { readFile } from 'node:fs';",
    ],
    [
      'a rule that imports a client',
      'rules/pod/planted.ts',
      "import x from '@kubernetes/client-node';",
    ],
    [
      'a rule that imports an adapter',
      'rules/planted.ts',
      "import { x } from '../adapters/log.ts';",
    ],
    [
      'a rule that loads one lazily',
      'rules/planted.ts',
      "const x = await import('../adapters/log.ts');",
    ],
    [
      'a rule that re-exports a process',
      'rules/planted.ts',
      "export { x } from '../processes/webhook.ts';",
    ],
    ['a shape that imports a rule', 'api/planted.ts', "import { x } from '../rules/names.ts';"],
    [
      'an adapter that imports a command',
      'adapters/planted.ts',
      "import { x } from '../commands/demo.ts';",
    ],
    [
      'an adapter that composes a process',
      'adapters/planted.ts',
      "import { x } from '../processes/webhook.ts';",
    ],
    ['a main that does more than start', 'main.ts', "import { x } from './processes/webhook.ts';"],
    ['a rule that looks at the clock', 'rules/planted.ts', 'export const now = () => new Date();'],
    ['a rule that throws dice', 'rules/planted.ts', 'export const dice = Math.random();'],
    ['a rule that reads the environment', 'rules/planted.ts', "export const x = process.env['X'];"],
    ['a file outside every layer', 'helpers/planted.ts', 'export const x = 1;'],
  ];
  it.each(planted)('are broken by %s', (_what, path, code) => {
    expect(importViolations(new Map([[path, code]]))).toHaveLength(1);
  });

  it('are not broken by a comment or a message that speaks of such things', () => {
    const code = [
      "// new Date() and process.env would be wrong here; import 'node:fs' too",
      "/** @see {import('../adapters/log.ts')} */",
      "export const message = 'use process.env and the Date';",
    ].join('\n');
    expect(importViolations(new Map([['rules/fine.ts', code]]))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import * as keys from '../../src/api/keys.ts';
import { version } from '../../src/settings/options.ts';
import { readDocument, readSources, withoutComments } from '../support/source-tree.ts';

/** A string that spells an annotation or label of these projects. */
const spelledKey = /['"`](?:[a-z]+\.)?(?:openfunction|dapr|kubernetes)\.io\/[^v'"`][^'"`]*['"`]/g;

describe('annotations and labels', () => {
  it('are spelled in one file', () => {
    const elsewhere = [...readSources()]
      .filter(([path]) => path !== 'api/keys.ts')
      .flatMap(([path, code]) =>
        [...withoutComments(code).matchAll(spelledKey)].map(([key]) => `${path}: ${key}`),
      );
    expect(elsewhere).toEqual([]);
  });

  it('are explained in the README, each that a user may meet', () => {
    const readme = readDocument('README.md');
    const shown = [
      ...Object.values(keys.OpenFunctionAnnotation),
      ...Object.values(keys.BaasAnnotation),
      ...Object.values(keys.BaasLabel),
      ...Object.values(keys.CertificateAnnotation),
      keys.OpenFunctionLabel.function,
      keys.OpenFunctionLabel.serving,
    ];
    expect(shown.filter((key) => !readme.includes(`| \`${key}\` |`))).toEqual([]);
  });

  it('are not explained in the README where no code knows them', () => {
    const rows = [
      ...readDocument('README.md').matchAll(/^\| `([a-z.]*openfunction\.io\/[^`]+)` \|/gm),
    ];
    const code = [...readSources().values()].join('\n');
    const unknown = rows.map(([, key]) => key).filter((key) => !code.includes(`'${key}'`));
    expect(rows.length).toBeGreaterThan(0);
    expect(unknown).toEqual([]);
  });
});

describe('the version', () => {
  it('is the one of package.json', () => {
    expect(version).toBe(JSON.parse(readDocument('package.json')).version);
  });
});

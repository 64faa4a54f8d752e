import { readdirSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importPattern } from '../support/import-directions.ts';
import {
  readDocument,
  readSources,
  repositoryFolder,
  withoutComments,
} from '../support/source-tree.ts';
import { copiedLimitMegabytes, neverLoaded } from './size-limit.ts';

interface LockedPackage {
  readonly dev?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly hasInstallScript?: boolean;
}

const manifest = JSON.parse(readDocument('package.json'));
const { packages } = JSON.parse(readDocument('package-lock.json')) as {
  packages: Record<string, LockedPackage>;
};
/** Folder of each package that `npm ci --omit=dev` installs, and what the lock file says of it. */
const production = Object.entries(packages).filter(
  ([folder, { dev }]) => folder !== '' && dev !== true,
);

/** `@scope/name/file` and `name/file` without the file. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function importedPackages(): string[] {
  const found = new Set<string>();
  for (const code of readSources().values()) {
    for (const [, , specifier = ''] of withoutComments(code).matchAll(importPattern)) {
      if (!specifier.startsWith('.') && !isBuiltin(specifier)) found.add(packageOf(specifier));
    }
  }
  return [...found].sort();
}

/** Bytes of the files below a folder that the image keeps; packages inside have entries of their own. */
function keptBytes(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += entry.name === 'node_modules' ? 0 : keptBytes(path);
    else if (!neverLoaded.test(entry.name)) bytes += statSync(path).size;
  }
  return bytes;
}

describe('the dependencies of production', () => {
  it('are just the packages that sources import', () => {
    expect(importedPackages()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it('leave out the package that brings Node', () => {
    expect(packages['node_modules/node']?.dev).toBe(true);
    expect(production.map(([folder]) => folder)).not.toContain('node_modules/node');
  });

  it('are the same on every platform, and need no script to be installed', () => {
    for (const [folder, { os, cpu, hasInstallScript }] of production) {
      expect({ folder, os, cpu, hasInstallScript }).toEqual({ folder });
    }
  });

  it(`stay below ${copiedLimitMegabytes} MB in the image, together with the sources`, () => {
    let bytes = keptBytes(join(repositoryFolder, 'manifests/samples'));
    // What is compiled is no longer than what it is compiled from.
    for (const code of readSources().values()) bytes += Buffer.byteLength(code);
    for (const [folder] of production) bytes += keptBytes(join(repositoryFolder, folder));
    expect(bytes / 1e6).toBeLessThan(copiedLimitMegabytes);
    expect(bytes / 1e6).toBeGreaterThan(copiedLimitMegabytes / 2);
  });
});

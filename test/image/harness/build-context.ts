import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repositoryFolder } from '../../support/source-tree.ts';
import { mustRun } from './run-program.ts';

/** Stands in files that must not get into the image, and would be found there. */
export const secretMark = 'mark-of-a-secret-that-no-layer-may-hold';

/** What people have in a checkout beside what is committed, and more that the image has no use for. */
const decoys = [
  '.npmrc',
  '.env',
  '.git/config',
  'certs/tls.key',
  'dist/left-over.js',
  'manifests/secret.yaml',
  'node_modules/left-over/index.js',
];

const committed = [
  ...['Dockerfile', '.dockerignore', 'LICENSE', 'package.json', 'package-lock.json'],
  ...['tsconfig.json', 'tsconfig.build.json', 'src', 'manifests', 'README.md'],
];

/** Copies the repository as it may lie on somebody's machine: with secrets, and closed to others. */
export async function makeBuildContext(folder: string): Promise<void> {
  for (const path of committed) {
    await cp(join(repositoryFolder, path), join(folder, path), { recursive: true });
  }
  for (const path of decoys) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `# ${secretMark}\n`);
  }
  await mustRun('chmod', ['-R', 'go-rwx', folder]);
}

/** A .npmrc to hand to the build: that of whoever runs this, and a token. */
export async function writeNpmConfiguration(path: string): Promise<void> {
  const own = process.env['npm_config_userconfig'];
  const settings = own === undefined ? '' : await readFile(own, 'utf8').catch(() => '');
  await writeFile(path, `${settings}\n//registry.invalid/:_authToken=${secretMark}\n`);
  await chmod(path, 0o600);
}

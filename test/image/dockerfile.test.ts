import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandList } from '../../src/commands/command-list.ts';
import { healthPort, port, proxyImage } from '../../src/settings/options.ts';
import { readDocument, repositoryFolder } from '../support/source-tree.ts';
import { fillIn, readDockerfile, valuesOf } from './read-dockerfile.ts';

const manifest = JSON.parse(readDocument('package.json'));
const { buildArguments, stages } = readDockerfile(readDocument('Dockerfile'));
const final = stages.at(-1);

function stage(name: string) {
  return stages.find((one) => one.name === name);
}

/** Paths that stages take from the build context. */
function copiedFromContext(): string[] {
  return stages
    .flatMap((one) => valuesOf(one, 'COPY'))
    .filter((value) => !value.startsWith('--from='))
    .flatMap((value) => value.split(/ +/).slice(0, -1));
}

describe('the base image', () => {
  const nodeImage = buildArguments['NODE_IMAGE'] ?? '';

  it('is the Node that all tests run on, in an exact version of a named Debian', () => {
    expect(nodeImage).toBe(`docker.io/library/node:${manifest.devDependencies.node}-trixie-slim`);
    expect(manifest.devDependencies.node).toMatch(/^24\.\d+\.\d+$/);
  });

  it('is the only one', () => {
    const bases = stages.map(({ base }) => base);
    expect(bases.at(-1)).toBe('scratch');
    expect(new Set(bases.slice(0, -1))).toEqual(new Set([nodeImage]));
  });
});

describe('the final stage', () => {
  it('runs nothing and takes nothing but what the other stages made', () => {
    const names = new Set(final?.instructions.map(({ name }) => name));
    expect([...names].sort()).toEqual(
      ['ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'LABEL', 'USER'].sort(),
    );
    for (const value of valuesOf(final, 'COPY')) {
      const from = /^--from=(\S+) /.exec(value)?.[1] ?? value;
      expect(stage(from), value).toBeDefined();
    }
  });

  it('has one user, by number, who is not root', () => {
    expect(valuesOf(final, 'USER')).toEqual(['65532:65532']);
    const root = valuesOf(stage('root'), 'RUN').join();
    expect(root).toContain("'nonroot:x:65532:65532:");
    expect(root).toContain("'nonroot:x:65532:'");
  });

  it('starts serve, or another command, without a shell', () => {
    const entry = JSON.parse(valuesOf(final, 'ENTRYPOINT')[0] ?? '');
    expect(entry).toEqual(['node', `/app/${manifest.bin[manifest.name]}`]);
    expect(JSON.parse(valuesOf(final, 'CMD')[0] ?? '')).toEqual(['serve']);
    expect(Object.keys(commandList)).toContain('serve');
  });

  it('sets no variable but the path of Node', () => {
    expect(valuesOf(final, 'ENV')).toEqual(['PATH=/usr/local/bin']);
  });

  it('tells the ports that are the defaults', () => {
    expect(valuesOf(final, 'EXPOSE')).toEqual([`${port.defaultText} ${healthPort.defaultText}`]);
  });

  it('says of itself what package.json says', () => {
    const labels = Object.fromEntries(
      [
        ...valuesOf(final, 'LABEL')
          .join(' ')
          .matchAll(/(\S+)="([^"]*)"/g),
      ].map(([, key = '', value = '']) => [key, fillIn(value, buildArguments)]),
    );
    const label = (name: string) => `org.opencontainers.image.${name}`;
    expect(labels).toEqual({
      [label('title')]: manifest.name,
      [label('description')]: manifest.description,
      [label('licenses')]: manifest.license,
      [label('version')]: manifest.version,
      ...(manifest.repository === undefined ? {} : { [label('source')]: manifest.repository.url }),
    });
    expect(valuesOf(final, 'LABEL').join()).toMatch(/version="\$\{VERSION\}"/);
  });

  it('is what proxies run unless told otherwise, when tagged with its version', () => {
    expect(proxyImage.defaultText).toBe(`${manifest.name}:${manifest.version}`);
    expect(readDocument('README.md')).toContain(`docker build -t ${proxyImage.defaultText} .`);
  });
});

describe('the stages before it', () => {
  const cacheFolder = '/app/node_modules/.cache';

  it('take no arguments in which somebody could hand over a secret', () => {
    expect(Object.keys(buildArguments)).toEqual(['NODE_IMAGE', 'VERSION']);
  });

  it('run no install script of a package', () => {
    const installs = stages
      .flatMap((one) => valuesOf(one, 'RUN'))
      .filter((value) => value.includes('npm ci'));
    expect(installs).toHaveLength(2);
    for (const install of installs) {
      expect(install).toContain(' --ignore-scripts ');
      expect(install).toContain(
        '--mount=type=secret,id=npmrc NPM_CONFIG_USERCONFIG=/run/secrets/npmrc ',
      );
    }
  });

  it('install production dependencies by themselves', () => {
    expect(valuesOf(stage('dependencies'), 'RUN').join()).toContain('npm ci --omit=dev ');
    expect(valuesOf(final, 'COPY').filter((value) => value.includes('node_modules'))).toEqual([
      '--from=dependencies /app/node_modules /app/node_modules',
      `--from=compiled ${cacheFolder} ${cacheFolder}`,
    ]);
  });
});

describe('.dockerignore', () => {
  const [first, ...others] = readDocument('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const allowed = others.map((line) => line.replace(/^!/, ''));

  it('keeps everything from the builder but what is listed', () => {
    expect(first).toBe('*');
    for (const line of others) expect(line).toMatch(/^![a-zA-Z][\w./-]*$/);
  });

  it('lists just what the Dockerfile copies', () => {
    expect(allowed.toSorted()).toEqual([...new Set(copiedFromContext())].sort());
    for (const path of allowed) expect(existsSync(join(repositoryFolder, path)), path).toBe(true);
  });

  it('lists no certificates, credentials, history or what was made on another machine', () => {
    for (const path of ['.env', '.git', '.npmrc', 'certs', 'dist', 'node_modules', 'test']) {
      expect(allowed.filter((one) => one === path || one.startsWith(`${path}/`))).toEqual([]);
    }
  });
});

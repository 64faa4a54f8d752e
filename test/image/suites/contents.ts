import { beforeAll, describe, expect, test } from 'vitest';
import { readDocument } from '../../support/source-tree.ts';
import { secretMark } from '../harness/build-context.ts';
import type { BuiltImage } from '../harness/built-image.ts';
import { type ImageFile, listImageFiles } from '../harness/image-files.ts';
import { copiedLimitMegabytes, neverLoaded } from '../size-limit.ts';

const manifest = JSON.parse(readDocument('package.json'));

/** What is in the image beside `/app`. */
const system = [
  /^\/(etc|lib|lib64|tmp|usr|var)$/,
  /^\/etc\/(debian_version|group|nsswitch\.conf|os-release|passwd)$/,
  /^\/lib(64)?(\/[a-z0-9_-]+-linux-gnu)?(\/[a-z0-9_+-]+\.so(\.\d+)+)?$/,
  /^\/usr\/local(\/bin(\/node)?)?$/,
  /^\/usr\/share(\/doc(\/[a-z0-9+-]+(\/copyright)?)?)?$/,
  /^\/var\/lib(\/dpkg(\/status\.d(\/[a-z0-9+-]+)?)?)?$/,
];

export function contentsSuite(image: () => BuiltImage): void {
  describe('what is in the image', () => {
    let files: ImageFile[];
    const names = (folder: string): string[] =>
      files
        .filter(({ path }) => path.startsWith(folder) && !path.slice(folder.length).includes('/'))
        .map(({ path }) => path.slice(folder.length))
        .sort();

    beforeAll(async () => {
      files = await listImageFiles(image(), secretMark);
    });

    test('is Node with its libraries, the project, and nothing else', () => {
      const others = files.filter(({ path }) => !path.startsWith('/app'));
      expect(others.filter(({ path }) => !system.some((one) => one.test(path)))).toEqual([]);
      expect(names('/app/')).toEqual([
        'LICENSE',
        'dist',
        'manifests',
        'node_modules',
        'package.json',
      ]);
      expect(names('/app/manifests/')).toEqual(['samples']);
      expect(names('/app/node_modules/')).not.toContain('node');
      expect(names('/app/node_modules/')).not.toContain('typescript');
      for (const dependency of Object.keys(manifest.dependencies)) {
        expect(files.map(({ path }) => path)).toContain(`/app/node_modules/${dependency}`);
      }
    });

    test('is nothing that Node never loads', () => {
      const kept = files.filter(({ path }) => path.startsWith('/app/') && neverLoaded.test(path));
      expect(kept).toEqual([]);
    });

    test('belongs to root, is for everybody to read and for nobody to change', () => {
      for (const { path, isFolder, permissions, uid, gid } of files.filter((one) => !one.isLink)) {
        const isExecutable = isFolder || (permissions & 0o100) !== 0;
        const expected = path === '/tmp' ? 0o1777 : isExecutable ? 0o755 : 0o644;
        expect({ path, permissions, uid, gid }).toEqual({
          ...{ path, permissions: expected, uid: 0, gid: 0 },
        });
      }
    });

    test('is no secret, neither of the checkout nor of the build', async () => {
      expect(files.filter(({ isMarked }) => isMarked)).toEqual([]);
      expect(await image().history()).not.toContain(secretMark);
      expect(JSON.stringify(await image().configuration())).not.toContain(secretMark);
      expect(files.filter(({ path }) => /npmrc|\.(key|crt|pem)$/.test(path))).toEqual([]);
    });

    test('tells scanners of the packages that the libraries are from, and their licences', () => {
      expect(names('/var/lib/dpkg/status.d/')).toEqual(['libc6', 'libgcc-s1', 'libstdc++6']);
      expect(names('/usr/share/doc/')).toEqual(['libc6', 'libgcc-s1', 'libstdc++6', 'node']);
    });

    test(`copies less than ${copiedLimitMegabytes} MB, as much as the README says`, () => {
      const megabytes = (folder: string): number =>
        files
          .filter(({ path, isFolder }) => !isFolder && path.startsWith(folder))
          .reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
      const copied = megabytes('/app/');
      process.stderr.write(
        `image: ${copied.toFixed(1)} MB copied (dependencies ${megabytes('/app/node_modules/').toFixed(1)}, ` +
          `dist ${megabytes('/app/dist/').toFixed(1)}), Node ${megabytes('/usr/local/bin/').toFixed(1)} MB, ` +
          `libraries ${megabytes('/lib').toFixed(1)} MB, ${megabytes('/').toFixed(1)} MB in all\n`,
      );
      expect(copied).toBeLessThan(copiedLimitMegabytes);
      const [, said] = /copies (\d+) MB/.exec(readDocument('README.md')) ?? [];
      expect(Math.abs(Number(said) - copied)).toBeLessThan(1.5);
    });
  });

  describe('what the image says', () => {
    test('is whom it runs as, what it starts, and what it is', async () => {
      const { User, Entrypoint, Cmd, Env, Labels, ExposedPorts } = await image().configuration();
      expect({ User, Entrypoint, Cmd, Env }).toEqual({
        User: '65532:65532',
        Entrypoint: ['node', '/app/dist/main.js'],
        Cmd: ['serve'],
        Env: ['PATH=/usr/local/bin'],
      });
      expect(Object.keys(ExposedPorts as object).sort()).toEqual(['9440/tcp', '9443/tcp']);
      expect(Labels).toMatchObject({
        'org.opencontainers.image.title': manifest.name,
        'org.opencontainers.image.version': manifest.version,
      });
    });
  });
}

import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Engine } from './engine.ts';
import { mustRun, runProgram } from './run-program.ts';

export interface BaseImage {
  readonly name: string;
  /** Whether it is none of Docker Hub's, but made here in its likeness. */
  readonly isStandIn: boolean;
}

/**
 * The base image, where it can be had; else a stand-in that is made once: a Debian of the same
 * release from its packages, the same version of Node from npm, and the npm that runs this.
 *
 * @param image such as `docker.io/library/node:24.21.0-trixie-slim`
 * @throws when neither can be had
 */
export async function ensureBaseImage(
  engine: Engine,
  image: string,
  log: (line: string) => void,
): Promise<BaseImage> {
  if (await engine.hasImage(image)) return { name: image, isStandIn: false };
  const standIn = `localhost/stand-in-for-node:${image.split(':').at(-1)}`;
  const isMade = await engine.hasImage(standIn);
  if (!isMade) {
    const { code, stderr } = await engine.run(['pull', image]);
    if (code === 0) return { name: image, isStandIn: false };
    log(`${image} cannot be pulled: ${stderr.trim().split('\n').at(-1)}`);
    await makeStandIn(engine, image, standIn);
  }
  log(`built on ${standIn}, of Debian's packages and npm's Node, in place of ${image}`);
  return { name: standIn, isStandIn: true };
}

async function makeStandIn(engine: Engine, image: string, standIn: string): Promise<void> {
  const [, version = '', release = ''] = /:([\d.]+)-(\w+)-slim$/.exec(image) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'openfunction-dapr-webhook-base-'));
  try {
    const root = join(folder, 'root');
    await installDebian(release, root);
    await installNode(version, folder, join(root, 'usr/local'));
    const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
    const authorities = process.env['NODE_EXTRA_CA_CERTS'];
    if (authorities !== undefined) {
      // Where registries are behind a proxy that signs for itself, npm has to know it here as well.
      const path = '/etc/ssl/certs/extra-authorities.crt';
      await cp(authorities, join(root, path));
      environment.push(`NODE_EXTRA_CA_CERTS=${path}`);
    }
    const archive = join(folder, 'root.tar');
    await mustRun('tar', ['-C', root, '-cf', archive, '.']);
    const changes = environment.flatMap((variable) => ['--change', `ENV ${variable}`]);
    await engine.mustRun(['import', ...changes, archive, standIn]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function installDebian(release: string, root: string): Promise<void> {
  const { code, stdout, stderr } = await runProgram('debootstrap', [
    ...['--variant=minbase', release, root],
  ]);
  if (code !== 0) {
    throw new Error(
      `In place of the base image, debootstrap makes one, as root (on Debian: apt-get install debootstrap). ` +
        `It failed:\n${(stderr || stdout).trim().split('\n').slice(-5).join('\n')}`,
    );
  }
  // The slim images have no documentation but licences.
  await mustRun('find', [
    ...[join(root, 'usr/share/doc'), '-type', 'f', '!', '-name', 'copyright', '-delete'],
  ]);
}

/** As the archives of nodejs.org are unpacked by the base image: below `usr/local`. */
async function installNode(version: string, folder: string, target: string): Promise<void> {
  const packed = `node-linux-${process.arch}-${version}.tgz`;
  await mustRun('npm', ['pack', `node-linux-${process.arch}@${version}`], { folder });
  await mustRun('tar', ['-xzf', join(folder, packed), '-C', target, '--strip-components=1']);
  const npmProgram = process.env['npm_execpath'];
  if (npmProgram === undefined) throw new Error('start this as `npm run test:image`');
  const ownNpm = dirname(dirname(npmProgram));
  const npm = join(target, 'lib/node_modules/npm');
  await mkdir(dirname(npm), { recursive: true });
  await cp(ownNpm, npm, { recursive: true });
  for (const program of ['npm', 'npx']) {
    await symlink(`../lib/node_modules/npm/bin/${program}-cli.js`, join(target, 'bin', program));
  }
}

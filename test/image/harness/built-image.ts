import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readDocument } from '../../support/source-tree.ts';
import { makeFolder } from '../../support/temporary-folder.ts';
import { readDockerfile } from '../read-dockerfile.ts';
import { ensureBaseImage } from './base-image.ts';
import { makeBuildContext, writeNpmConfiguration } from './build-context.ts';
import { Container, type ContainerOptions, runImage } from './container.ts';
import { Engine } from './engine.ts';
import type { ProgramResult } from './run-program.ts';

/** The image, built from the Dockerfile as it stands. */
export class BuiltImage {
  static readonly #name = 'localhost/openfunction-dapr-webhook:test';
  readonly #engine: Engine;

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  static async build(log: (line: string) => void): Promise<BuiltImage> {
    const engine = await Engine.find(process.env);
    const { buildArguments } = readDockerfile(readDocument('Dockerfile'));
    const base = await ensureBaseImage(engine, buildArguments['NODE_IMAGE'] ?? '', log);
    const folder = await makeFolder();
    try {
      const context = join(folder, 'context');
      const npmConfiguration = join(folder, 'npmrc');
      await mkdir(context);
      await makeBuildContext(context);
      await writeNpmConfiguration(npmConfiguration);
      await engine.mustRun([
        ...['build', '--tag', BuiltImage.#name, '--secret', `id=npmrc,src=${npmConfiguration}`],
        ...(base.isStandIn ? ['--build-arg', `NODE_IMAGE=${base.name}`] : []),
        // Podman's own network needs what not every machine has, and its cache is never cleared.
        ...(engine.name === 'podman' ? ['--network=host', '--layers=false'] : []),
        context,
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return new BuiltImage(engine);
  }

  run(args: readonly string[], options?: ContainerOptions): Promise<ProgramResult> {
    return runImage(this.#engine, BuiltImage.#name, args, options);
  }

  start(args: readonly string[], options?: ContainerOptions): Promise<Container> {
    return Container.start(this.#engine, BuiltImage.#name, args, options);
  }

  /** What the image says that it starts, as whom, and of itself. */
  async configuration(): Promise<Record<string, unknown>> {
    const output = await this.#engine.mustRun(['image', 'inspect', BuiltImage.#name]);
    return JSON.parse(output)[0].Config;
  }

  /** Every step that made it, as registries show it. */
  history(): Promise<string> {
    return this.#engine.mustRun(['history', '--no-trunc', BuiltImage.#name]);
  }

  async remove(): Promise<void> {
    await this.#engine.run(['image', 'rm', BuiltImage.#name]);
  }
}

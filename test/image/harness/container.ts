import type { Engine } from './engine.ts';
import type { ProgramResult } from './run-program.ts';

export interface ContainerOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Folders of this machine that are mounted read-only, by their path in the container. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Folders in memory, which alone can be written to. */
  readonly writable?: readonly string[];
  /** Program to run in place of the image's own. */
  readonly entryPoint?: string;
  readonly input?: string;
}

/** What the restricted Pod Security Standard asks for, a read-only root, and no network at all. */
const restrictions = [
  '--network=none',
  '--read-only',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
  // By default Podman asks for limits that not every machine may give.
  '--ulimit=nofile=4096:4096',
  '--ulimit=nproc=4096:4096',
];

/** Runs the image to its end, as the user that it names. */
export async function runImage(
  engine: Engine,
  image: string,
  args: readonly string[],
  options: ContainerOptions = {},
): Promise<ProgramResult> {
  const { input = '' } = options;
  const flags = ['--rm', '--interactive', ...runFlags(engine, options)];
  return engine.run(['run', ...flags, image, ...args], { input });
}

/** The image at work; what is asked of it is asked by its own Node, from inside. */
export class Container {
  readonly #engine: Engine;
  readonly #id: string;

  private constructor(engine: Engine, id: string) {
    this.#engine = engine;
    this.#id = id;
  }

  static async start(
    engine: Engine,
    image: string,
    args: readonly string[],
    options: ContainerOptions = {},
  ): Promise<Container> {
    const flags = ['--detach', '--interactive', ...runFlags(engine, options)];
    const output = await engine.mustRun(['run', ...flags, image, ...args]);
    return new Container(engine, output.trim());
  }

  /** Runs the body of an async function in the container, with `import`, and gives back what it returns. */
  async evaluate<Value>(body: string): Promise<Value> {
    const script = `process.stdout.write(JSON.stringify(await (async () => {${body}})() ?? null))`;
    const flags = ['--input-type=module', '--eval', script];
    return JSON.parse(await this.#engine.mustRun(['exec', this.#id, 'node', ...flags])) as Value;
  }

  async log(): Promise<string> {
    const { stdout, stderr } = await this.#engine.run(['logs', this.#id]);
    return stdout + stderr;
  }

  /**
   * Ends it as a kubelet does, by SIGTERM, and by SIGKILL when that is ignored.
   *
   * @returns the exit code; 137 after SIGKILL
   */
  async stop(): Promise<number> {
    await this.#engine.mustRun(['stop', '-t', '20', this.#id]);
    const format = '{{.State.ExitCode}}';
    return Number(await this.#engine.mustRun(['inspect', '--format', format, this.#id]));
  }

  async remove(): Promise<void> {
    await this.#engine.run(['rm', '--force', this.#id]);
  }
}

function runFlags(
  engine: Engine,
  { environment, folders, writable, entryPoint }: ContainerOptions,
): string[] {
  return [
    ...restrictions,
    // Podman would make some folders writable in spite of the read-only root.
    ...(engine.name === 'podman' ? ['--read-only-tmpfs=false'] : []),
    ...Object.entries(environment ?? {}).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    ...Object.entries(folders ?? {}).flatMap(([path, folder]) => ['-v', `${folder}:${path}:ro`]),
    ...(writable ?? []).flatMap((path) => ['--tmpfs', `${path}:mode=1777`]),
    ...(entryPoint === undefined ? [] : ['--entrypoint', entryPoint]),
  ];
}

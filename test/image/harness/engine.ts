import { mustRun, type ProgramResult, type RunProgramOptions, runProgram } from './run-program.ts';

const engineNames = ['docker', 'podman'] as const;
type EngineName = (typeof engineNames)[number];

/** What builds and runs images: Docker or Podman, whose command lines are the same but for little. */
export class Engine {
  readonly name: EngineName;

  constructor(name: EngineName) {
    this.name = name;
  }

  /**
   * The one that CONTAINER_ENGINE names, else the first that answers.
   *
   * @throws when none does, with what each said and what to do
   */
  static async find(environment: NodeJS.ProcessEnv): Promise<Engine> {
    const wanted = environment['CONTAINER_ENGINE'];
    const candidates = engineNames.filter((name) => wanted === undefined || name === wanted);
    if (candidates.length === 0) {
      throw new Error(`CONTAINER_ENGINE is ${wanted}; it can be ${engineNames.join(' or ')}`);
    }
    const answers: string[] = [];
    for (const name of candidates) {
      const { code, stderr } = await runProgram(name, ['info']);
      if (code === 0) return new Engine(name);
      answers.push(`  ${name}: ${stderr.trim().split('\n').at(-1)}`);
    }
    throw new Error(
      `The image is built and run by Docker or Podman; this is what came back:\n${answers.join('\n')}\n` +
        'On Debian, `apt-get install podman runc` is all it takes; no daemon has to run.',
    );
  }

  run(args: readonly string[], options?: RunProgramOptions): Promise<ProgramResult> {
    return runProgram(this.name, args, options);
  }

  mustRun(args: readonly string[], options?: RunProgramOptions): Promise<string> {
    return mustRun(this.name, args, options);
  }

  async hasImage(image: string): Promise<boolean> {
    return (await this.run(['image', 'inspect', image])).code === 0;
  }
}

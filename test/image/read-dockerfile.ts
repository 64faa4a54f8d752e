export interface Instruction {
  /** In capitals, as `COPY`. */
  readonly name: string;
  /** Everything behind the name, on one line. */
  readonly value: string;
}

export interface Stage {
  /** What `FROM` names, with its arguments put in. */
  readonly base: string;
  readonly name: string | undefined;
  /** Without the `FROM`. */
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** Build arguments with their defaults, in every stage. */
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
}

/** As much of a Dockerfile's language as this project's own needs; engines are what builds it. */
export function readDockerfile(text: string): Dockerfile {
  const buildArguments: Record<string, string> = {};
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const instruction of readInstructions(text)) {
    const { name, value } = instruction;
    if (name === 'ARG') {
      const [argument = '', defaultValue = ''] = value.split('=', 2);
      buildArguments[argument] = defaultValue;
    }
    if (name === 'FROM') {
      const [, image = '', stage] =
        /^(?:--platform=\S+ +)?(\S+)(?: +AS +(\S+))?$/i.exec(value) ?? [];
      stages.push({ base: fillIn(image, buildArguments), name: stage, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push(instruction);
    }
  }
  return { buildArguments, stages };
}

/** Values of the instructions of one name. */
export function valuesOf(stage: Stage | undefined, name: string): string[] {
  return (stage?.instructions ?? []).filter((one) => one.name === name).map(({ value }) => value);
}

/** Puts build arguments in the place of `${NAME}`. */
export function fillIn(text: string, buildArguments: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_match, name: string) => buildArguments[name] ?? '');
}

function readInstructions(text: string): Instruction[] {
  return text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', value = ''] = /^(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
      return { name: name.toUpperCase(), value };
    });
}

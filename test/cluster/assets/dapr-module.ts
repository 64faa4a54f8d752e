import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashModule } from './hash-module.ts';
import { readGoMod } from './read-go-mod.ts';

/** The Go module of the programs that are made of Dapr. */
export const daprModuleFolder = fileURLToPath(new URL('../dapr', import.meta.url));

/** Its programs, by the names of their folders, with what they are called in words. */
export const daprPrograms = {
  injector: 'the injector of Dapr',
  daprd: 'daprd of Dapr',
} as const;

export type DaprProgram = keyof typeof daprPrograms;

export interface DaprModule {
  /** Version of Dapr, e.g. `v1.18.2`. */
  readonly dapr: string;
  /** The oldest Go that builds it, without a `v`. */
  readonly go: string;
}

export async function readDaprModule(): Promise<DaprModule> {
  const find = await readGoMod(daprModuleFolder);
  return {
    dapr: find(/^\s*github\.com\/dapr\/dapr (v\S+)/m),
    go: find(/^go (\S+)$/m),
  };
}

/** Of a program, and the requirements and checksums of its module. */
export function hashDaprProgram(program: DaprProgram): Promise<string> {
  return hashModule(daprModuleFolder, join(daprModuleFolder, program));
}

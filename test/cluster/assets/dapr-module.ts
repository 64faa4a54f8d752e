import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GoModule, readGoModule } from './go-module.ts';
import { hashModule } from './hash-module.ts';

/** The Go module of the programs that are made of Dapr. */
export const daprModuleFolder = fileURLToPath(new URL('../dapr', import.meta.url));

/** Its programs, by the names of their folders, with what they are called in words. */
export const daprPrograms = {
  injector: 'the injector of Dapr',
  daprd: 'daprd of Dapr',
} as const;

export type DaprProgram = keyof typeof daprPrograms;

export function readDaprModule(): Promise<GoModule> {
  return readGoModule(daprModuleFolder, 'github.com/dapr/dapr');
}

/** Of a program, and the requirements and checksums of its module. */
export function hashDaprProgram(program: DaprProgram): Promise<string> {
  return hashModule(daprModuleFolder, join(daprModuleFolder, program));
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../../src/api/json.ts';

/** An object that was applied to a real API server, and what that made of it. */
export interface LiveObject {
  readonly file: string;
  /** As it was applied, by the field manager of this project. */
  readonly wanted: JsonObject;
  readonly states: readonly LiveState[];
}

export interface LiveState {
  readonly what: string;
  /** Whether applying the wanted object again would change nothing of it. */
  readonly isAsWanted: boolean;
  /** As the API server gave it back, without its status. */
  readonly object: JsonObject;
}

const folder = join(import.meta.dirname, 'live-objects');

/** Objects of Kubernetes 1.36, each in the states that others brought it into one after another. */
export const liveObjects: readonly LiveObject[] = readdirSync(folder).map((file) => ({
  file,
  ...JSON.parse(readFileSync(join(folder, file), 'utf8')),
}));

/** An object of a file in the state at an index, where the test cannot go on without it. */
export function liveObject(file: string, index = 0): JsonObject {
  const state = liveObjects.find((one) => one.file === file)?.states[index];
  if (state === undefined) throw new Error(`no state ${index} in ${file}`);
  return state.object;
}

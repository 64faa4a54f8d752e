import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listFiles } from '../../adapters/files/list-files.ts';
import { parseObjects } from '../../adapters/files/read-objects.ts';
import type { JsonObject } from '../../api/json.ts';

/** The samples, beside the sources and beside what is built from them. */
export const samplesFolder = fileURLToPath(new URL('../../../manifests/samples', import.meta.url));

export interface Sample {
  /** Path below the samples' folder. */
  readonly file: string;
  /** The mode that the file's comment promises. */
  readonly promisedMode: string;
  readonly objects: readonly JsonObject[];
}

/** What a sample says of itself, in the comment above the object. */
const promise = /^# Mode: (disabled|sidecar|standalone)\./m;

/** @throws when a sample cannot be read or promises nothing */
export async function readSamples(): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const path of await listFiles(samplesFolder)) {
    const content = await readFile(path, 'utf8');
    const file = relative(samplesFolder, path);
    const { objects, problems } = parseObjects(content, file);
    const promisedMode = promise.exec(content)?.[1];
    if (problems.length > 0) throw new Error(problems.join('; '));
    if (promisedMode === undefined) throw new Error(`${file}: no comment "# Mode: ..."`);
    samples.push({ file, promisedMode, objects: objects.map(({ object }) => object) });
  }
  return samples;
}

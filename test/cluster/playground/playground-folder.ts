import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The key of a cluster admin is in it. */
const ownerOnly = 0o700;

/**
 * Makes the folder of a playground.
 *
 * @param given where; it must not be there yet, so that what is removed at the
 *   end is nobody else's. A temporary one when absent.
 */
export async function makePlaygroundFolder(
  given: string | undefined,
): Promise<{ readonly path: string } | { readonly problem: string }> {
  if (given === undefined) {
    return { path: await mkdtemp(join(tmpdir(), 'openfunction-dapr-webhook-playground-')) };
  }
  const path = resolve(given);
  try {
    await mkdir(path, { mode: ownerOnly });
    return { path };
  } catch (error) {
    return { problem: `--folder: ${explain(error, path)}` };
  }
}

/** Removes it with all that is in it; once more does no harm. */
export async function removePlaygroundFolder(path: string): Promise<void> {
  // A process that was killed may have been writing a moment ago.
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function explain(error: unknown, path: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return `${path} exists; name one that does not, it is made and removed`;
  if (code === 'ENOENT') return `${dirname(path)} does not exist`;
  return message;
}

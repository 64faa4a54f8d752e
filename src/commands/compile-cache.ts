import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/**
 * Lets Node keep the code that it compiled, and start with it the next time, which
 * saves an eighth of the start of `serve`. The image comes with it, for the user that
 * it names; where there is none and the folder cannot be written, nothing is kept and
 * all else is the same.
 */
export function useCompileCache(): void {
  enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/compiled'));
}

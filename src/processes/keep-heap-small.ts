import { setFlagsFromString } from 'node:v8';
import { collectGarbage } from './collect-garbage.ts';

/**
 * How much the heap may grow between two collections, in percent of what was alive after
 * the first. About what V8 does by itself with a limit of some 100 MiB, as small containers
 * give it; without one it would let a proxy double or quadruple.
 */
const growthPercent = 30;

/**
 * For a process of which there are many, each with little to do: gives back what its start
 * took, and collects what requests leave behind before it piles up. No flag for NODE_OPTIONS
 * says so without a limit that the process would die of.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
  collectGarbage();
}

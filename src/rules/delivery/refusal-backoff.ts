import type { Chance } from './choose-endpoint.ts';

const firstMs = 100;
const maxMs = 5_000;

/**
 * How long a pod that could not be reached is left alone: 100 ms, doubled with each
 * refusal in a row, 5 s at most. Up to a fifth is taken off by chance, so that pods
 * which went together are not asked together.
 *
 * @param refusals in a row, this one included
 * @returns milliseconds
 */
export function refusalBackoffMs(refusals: number, chance: Chance): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(refusals - 1, 16));
  return full * (1 - chance() / 5);
}

import type { BenchContext } from './bench.ts';

/** Two sides of a comparison, each measured once a round. */
export interface Sides<Result> {
  readonly ours: () => Promise<Result>;
  readonly theirs: () => Promise<Result>;
}

/**
 * Measures both sides in turn, after one turn each that does not count: caches
 * are filled and code is compiled then; where it is only to be shown that it runs, there
 * is no such turn. Who begins changes from round to round,
 * so that whatever else the machine does hits both alike.
 */
export async function alternate<Result>(
  {
    rounds,
    say,
    isQuick = false,
  }: Pick<BenchContext, 'rounds' | 'say'> & Partial<Pick<BenchContext, 'isQuick'>>,
  { ours, theirs }: Sides<Result>,
): Promise<{ readonly ours: Result; readonly theirs: Result }[]> {
  if (!isQuick) {
    await ours();
    await theirs();
  }
  const results: { ours: Result; theirs: Result }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      const first = await ours();
      results.push({ ours: first, theirs: await theirs() });
    } else {
      const first = await theirs();
      results.push({ theirs: first, ours: await ours() });
    }
    say(`round ${round + 1} of ${rounds}`);
  }
  return results;
}

import { alternate, type Sides } from './alternate.ts';
import type { BenchContext } from './bench.ts';
import { comparedPoint, type Series, type SeriesPoint } from './series.ts';

/** Curves have many points: each gets less time than a figure with a goal. */
const roundsAtMost = 3;
const secondsAtMost = 2;

/** Both sides at one point; `stop` ends what was started for it alone. */
export interface PointSides extends Sides<number> {
  readonly stop?: () => Promise<unknown>;
}

/**
 * Measures a curve point after point.
 *
 * @param xs ascending; of them only the first two where it is only shown that it runs
 */
export async function measureSeries<X>(
  context: BenchContext,
  about: Omit<Series, 'points'>,
  xs: readonly X[],
  xOf: (x: X) => number,
  start: (x: X, context: BenchContext) => Promise<PointSides>,
): Promise<Series> {
  const shorter = {
    ...context,
    rounds: Math.min(context.rounds, roundsAtMost),
    seconds: Math.min(context.seconds, secondsAtMost),
    say: () => undefined,
  };
  const points: SeriesPoint[] = [];
  for (const x of context.isQuick ? xs.slice(0, 2) : xs) {
    context.say(`${about.what}; ${about.x.name}: ${xOf(x)}`);
    const sides = await start(x, shorter);
    try {
      // One turn that does not count is little for processes that have just started.
      if (sides.stop !== undefined && !context.isQuick) {
        await sides.ours();
        await sides.theirs();
      }
      points.push(comparedPoint(xOf(x), await alternate(shorter, sides)));
    } finally {
      await sides.stop?.();
    }
  }
  return { ...about, points };
}

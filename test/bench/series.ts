import type { Figure, Round } from './figure.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** How one thing grows with another: a curve of ours, and of what it is compared with. */
export interface Series {
  /** Stable, e.g. `admission/connections`: what `--compare` goes by, together with x. */
  readonly id: string;
  readonly what: string;
  /** Of what is measured, e.g. `us`. */
  readonly unit: string;
  readonly x: { readonly name: string; readonly unit?: string };
  /** What the other side is; undefined where there is none. */
  readonly against?: string;
  readonly points: readonly SeriesPoint[];
}

export interface SeriesPoint {
  readonly x: number;
  readonly ours: Spread;
  readonly theirs?: Spread;
  /** Of the two sides of each round. */
  readonly ratio?: Spread;
}

/** A point of which both sides were measured in turns. */
export function comparedPoint(x: number, rounds: readonly Round[]): SeriesPoint {
  return {
    x,
    ours: spreadOf(rounds.map(({ ours }) => ours)),
    theirs: spreadOf(rounds.map(({ theirs }) => theirs)),
    ratio: spreadOf(rounds.map(({ ours, theirs }) => ours / theirs)),
  };
}

/** Each point as a figure: for tables, and to be compared with that of an earlier run. */
export function figuresOfSeries({ id, what, unit, x, against, points }: Series): Figure[] {
  const unitOfX = x.unit === undefined ? '' : ` ${x.unit}`;
  return points.map(({ x: at, ours, theirs, ratio }) => ({
    id: `growth/${id}/${at}`,
    what: `${what}; ${x.name}: ${at.toLocaleString('en-US')}${unitOfX}`,
    unit,
    ours,
    ...(against === undefined || theirs === undefined || ratio === undefined
      ? {}
      : { against: { what: against, theirs, ratio } }),
  }));
}

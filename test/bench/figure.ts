import { type Spread, spreadOf } from './statistics.ts';

/** What a figure should reach; `atMost` for times and memory, `atLeast` for rates. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/**
 * One measured figure. Where it is compared with something, `ours` and `theirs`
 * were measured in alternation, and `ratio` is of the two sides of each round.
 */
export interface Figure {
  /** Stable, e.g. `admission/pod/rate`: what `--compare` goes by. */
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly ours: Spread;
  readonly against?: {
    readonly what: string;
    readonly theirs: Spread;
    readonly ratio: Spread;
  };
  /** About the ratio where there is one, else about `ours`. */
  readonly goal?: Goal;
  /** What a reader has to know to read it right. */
  readonly note?: string;
}

/** What one round gave for both sides. */
export interface Round {
  readonly ours: number;
  readonly theirs: number;
}

/** A figure from rounds in which both sides were measured. */
export function comparedFigure(
  parts: Pick<Figure, 'id' | 'what' | 'unit'> & Partial<Pick<Figure, 'goal' | 'note'>>,
  against: string,
  rounds: readonly Round[],
): Figure {
  return {
    ...parts,
    ours: spreadOf(rounds.map(({ ours }) => ours)),
    against: {
      what: against,
      theirs: spreadOf(rounds.map(({ theirs }) => theirs)),
      ratio: spreadOf(rounds.map(({ ours, theirs }) => ours / theirs)),
    },
  };
}

/** The number that the goal is about. */
export function judgedValue({ against, ours }: Figure): number {
  return against === undefined ? ours.median : against.ratio.median;
}

/** Whether the goal is reached; undefined where there is none. */
export function isReached(figure: Figure): boolean | undefined {
  const { goal } = figure;
  if (goal === undefined) return undefined;
  const value = judgedValue(figure);
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}

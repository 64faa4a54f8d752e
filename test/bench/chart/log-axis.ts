/** An axis on which each step of the same length multiplies by the same. */
export interface LogAxis {
  /** Where a value is, 0 to 1. */
  at(value: number): number;
  /** Values to be labelled, ascending. */
  readonly ticks: readonly number[];
}

/** Steps between two ticks in one decade, from few ticks to many. */
const stepsOfDecade: readonly (readonly number[])[] = [
  [1],
  [1, 3],
  [1, 2, 5],
  [1, 1.5, 2, 3, 5, 7],
];

/** More would run into each other. */
const mostTicks = 6;

/**
 * An axis over all of these values.
 *
 * @param values above 0, at least one
 * @param least by how much the end is at least above the beginning: what is level has to look so
 */
export function logAxis(values: readonly number[], least: number): LogAxis {
  const lowest = Math.min(...values);
  const highest = Math.max(...values);
  const middle = Math.sqrt(lowest * highest);
  const margin = 1.08;
  const from = Math.min(lowest / margin, middle / Math.sqrt(least));
  const to = Math.max(highest * margin, middle * Math.sqrt(least));
  const length = Math.log(to / from);
  const choices = stepsOfDecade.map((steps) => ticksBetween(from, to, steps));
  const fitting = choices.filter(({ length: count }) => count <= mostTicks);
  const ticks = fitting.at(-1) ?? choices[0] ?? [];
  return { at: (value) => Math.log(value / from) / length, ticks };
}

function ticksBetween(from: number, to: number, steps: readonly number[]): number[] {
  const first = Math.floor(Math.log10(from));
  const decades = Array.from(
    { length: Math.ceil(Math.log10(to)) - first + 1 },
    (_, index) => 10 ** (first + index),
  );
  return decades
    .flatMap((decade) => steps.map((step) => Number((decade * step).toPrecision(3))))
    .filter((value) => value >= from && value <= to);
}

/** A tick's label, e.g. `10k`. */
export function tickText(value: number): string {
  return value >= 1000 ? `${value / 1000}k` : String(value);
}

import type { Sample } from './prometheus-text.ts';

/** Seconds; a pod that does little answers in a millisecond, one that waits for its start may take half a minute. */
const boundaries = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

interface Buckets {
  /** By boundary, and one beyond the last; each counts what the one before does not. */
  readonly counts: number[];
  sum: number;
}

/** How long events took, by input: a histogram. */
export class Durations {
  readonly #byInput = new Map<string, Buckets>();

  observe(input: string, seconds: number): void {
    let buckets = this.#byInput.get(input);
    if (buckets === undefined) {
      buckets = { counts: Array<number>(boundaries.length + 1).fill(0), sum: 0 };
      this.#byInput.set(input, buckets);
    }
    let index = 0;
    while (index < boundaries.length && seconds > (boundaries[index] ?? 0)) index += 1;
    buckets.counts[index] = (buckets.counts[index] ?? 0) + 1;
    buckets.sum += seconds;
  }

  *samples(): Generator<Sample> {
    for (const [input, { counts, sum }] of this.#byInput) {
      let upTo = 0;
      for (const [index, count] of counts.entries()) {
        upTo += count;
        const le = boundaries[index]?.toString() ?? '+Inf';
        yield { suffix: '_bucket', labels: { input, le }, value: upTo };
      }
      yield { suffix: '_sum', labels: { input }, value: sum };
      yield { suffix: '_count', labels: { input }, value: upTo };
    }
  }
}

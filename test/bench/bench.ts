import type { Figure } from './figure.ts';
import type { Series } from './series.ts';
import type { Tools } from './tools.ts';

/** What a bench may use. */
export interface BenchContext {
  readonly tools: Tools;
  /** How often both sides take their turn. */
  readonly rounds: number;
  /** How long one side is loaded in a round. */
  readonly seconds: number;
  /** Whether it is only to be shown that it runs. */
  readonly isQuick: boolean;
  /** An empty folder of the bench's own. */
  readonly folder: string;
  /** Tells how far it is. */
  say(line: string): void;
}

/** What a bench found out, where there are curves to it. */
export interface Measured {
  readonly figures: readonly Figure[];
  readonly series: readonly Series[];
}

/** A group of figures that are measured together. */
export interface Bench {
  readonly name: string;
  readonly description: string;
  /** Programs that it cannot do without. */
  readonly needs: readonly (keyof Tools)[];
  run(context: BenchContext): Promise<readonly Figure[] | Measured>;
}

import type { Notice } from '../rules/reconcile/notice.ts';

/** Something that was done, and is told of. */
export interface Happening {
  readonly notice: Notice;
  /** Tells it from the same thing happening to another object. */
  readonly about: string;
}

/** What carrying out a plan came to. */
export class PlanOutcome {
  /** What turned out to hold. */
  readonly notices: Notice[] = [];
  readonly happenings: Happening[] = [];
  readonly errors: Error[] = [];
  /** Something may change that nobody tells of: look again after this time. */
  requeueAfterMs: number | undefined;

  /** Of several times the earliest counts. */
  requeue(delayMs: number): void {
    this.requeueAfterMs = Math.min(delayMs, this.requeueAfterMs ?? delayMs);
  }
}

import type { FunctionModel } from '../api/function.ts';
import type { Notice } from '../rules/reconcile/notice.ts';
import { EventQueue } from './event-queue.ts';
import type { EventWriter } from './function-event.ts';

/** Of things that were said once, this many are remembered, to tell when one is said again. */
const saidLimit = 10_000;

/**
 * Tells users what they need to know, once: what goes on holding is not said
 * again each time it is found, nor by the process that takes over.
 */
export class EventRecorder {
  readonly #queue: EventQueue;
  /** By uid of the Function: what holds, and was said. */
  readonly #holding = new Map<string, Set<string>>();
  /** How often. */
  readonly #said = new Map<string, number>();

  constructor(write: EventWriter) {
    this.#queue = new EventQueue(write);
  }

  /**
   * What holds for a Function now.
   *
   * @param isAll whether what held before and is missing no longer holds; false
   * where not everything could be looked at
   */
  holds(fn: FunctionModel, notices: readonly Notice[], isAll = true): void {
    const uid = fn.uid ?? '';
    const before = this.#holding.get(uid) ?? new Set<string>();
    const now = new Set<string>(isAll ? [] : before);
    for (const notice of notices) {
      const identity = identityOf(fn, notice, '');
      if (!before.has(identity) && !now.has(identity)) this.#say(fn, notice, identity);
      now.add(identity);
    }
    if (now.size === 0) this.#holding.delete(uid);
    else this.#holding.set(uid, now);
  }

  /**
   * Something that happened.
   *
   * @param about tells it from the same thing happening to another object
   */
  happened(fn: FunctionModel, notice: Notice, about: string): void {
    this.#say(fn, notice, identityOf(fn, notice, about));
  }

  /** The Function is gone. */
  forget(uid: string): void {
    this.#holding.delete(uid);
  }

  /** Writes what is to be said, one after another, until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#queue.run(signal);
  }

  #say(fn: FunctionModel, notice: Notice, identity: string): void {
    if (this.#queue.isFull) return;
    const times = (this.#said.get(identity) ?? 0) + 1;
    if (this.#said.size >= saidLimit) this.#said.clear();
    this.#said.set(identity, times);
    this.#queue.add({ fn, notice, identity, times });
  }
}

function identityOf(fn: FunctionModel, { reason, note, sameAs }: Notice, about: string): string {
  return [fn.uid ?? '', reason, sameAs ?? note, about].join('\n');
}

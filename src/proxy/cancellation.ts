import type { Cancellation } from './delivery.ts';

/** A cancellation, in the hands of whoever waits for an answer. */
export class CancellationSource implements Cancellation {
  #isCancelled = false;
  /** Most have one listener at a time, the attempt that is under way. */
  readonly #listeners = new Set<() => void>();

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  onCancel(listener: () => void): () => void {
    if (this.#isCancelled) listener();
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Nobody waits for an answer any more. Every listener is told, once. */
  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }
}

/** For what nobody stops waiting for. */
export const neverCancelled: Cancellation = {
  isCancelled: false,
  onCancel: () => () => undefined,
};

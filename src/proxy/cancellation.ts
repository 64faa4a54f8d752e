import type { Cancellation } from './delivery.ts';

/** A cancellation, in the hands of whoever waits for an answer. */
export class CancellationSource implements Cancellation {
  #isCancelled = false;
  /** There is one at a time, mostly: the attempt that is under way. */
  #listeners: (() => void)[] = [];

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  onCancel(listener: () => void): () => void {
    if (this.#isCancelled) listener();
    else this.#listeners.push(listener);
    return () => {
      const index = this.#listeners.lastIndexOf(listener);
      if (index >= 0) this.#listeners.splice(index, 1);
    };
  }

  /** Nobody waits for an answer any more. Every listener is told, once. */
  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}

/** For what nobody stops waiting for. */
export const neverCancelled: Cancellation = {
  isCancelled: false,
  onCancel: () => () => undefined,
};

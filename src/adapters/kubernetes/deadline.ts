import { ApiError } from './api-error.ts';

/**
 * An AbortSignal that aborts with its parent, and by itself when the time runs
 * out before somebody restarts it.
 *
 * `AbortSignal.any` of a signal that lives as long as the process would do as
 * well, but keeps a reference per request on it.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #onParentAbort = (): void => this.#abort(this.#parent.reason);
  #timer: NodeJS.Timeout | undefined;

  constructor(parent: AbortSignal, timeoutMs: number) {
    this.#parent = parent;
    parent.addEventListener('abort', this.#onParentAbort, { once: true });
    if (parent.aborted) this.#onParentAbort();
    else this.restart(timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(timeoutMs: number): void {
    clearTimeout(this.#timer);
    if (this.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#abort(new ApiError('timeout', `heard nothing for ${timeoutMs / 1000} s`));
    }, timeoutMs);
  }

  /** Must be called when the work is done: nothing is left behind on the parent. */
  end(): void {
    clearTimeout(this.#timer);
    this.#parent.removeEventListener('abort', this.#onParentAbort);
  }

  #abort(reason: unknown): void {
    this.end();
    this.#controller.abort(reason);
  }
}

import { pause } from '../pause.ts';

/** Somebody sleeps, and others may wake them. A call that comes while nobody sleeps is not lost. */
export class WakeUp {
  #call = new AbortController();

  call(): void {
    this.#call.abort();
  }

  /** Resolves at a call, when the time is up or when the signal aborts. */
  async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    const call = this.#call;
    const wake = (): void => call.abort();
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted) wake();
    await pause(delayMs, call.signal);
    signal.removeEventListener('abort', wake);
    // Whatever was called for until now is looked at by whoever wakes now.
    if (call === this.#call) this.#call = new AbortController();
  }
}

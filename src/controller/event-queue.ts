import type { EventRetry, EventWriter, FunctionEvent } from './function-event.ts';

/** More than that waiting means that Events cannot be written at all. */
const waitingLimit = 10_000;

/** As often as client-go's broadcaster: what the API server refuses for longer is given up, so that others get their turn. */
const triesLimit = 12;
const firstPauseMs = 250;
const longestPauseMs = 10_000;

/**
 * Events that wait to be written, one after another. One that could not be written
 * is tried again before those behind it: they would fare no better.
 */
export class EventQueue {
  readonly #write: EventWriter;
  readonly #waiting: FunctionEvent[] = [];
  #wake: () => void = () => undefined;

  constructor(write: EventWriter) {
    this.#write = write;
  }

  get isFull(): boolean {
    return this.#waiting.length >= waitingLimit;
  }

  add(event: FunctionEvent): void {
    this.#waiting.push(event);
    this.#wake();
  }

  /** Writes Events until the signal aborts; the one that is tried just then is not tried again. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const event = this.#waiting.shift();
      if (event !== undefined) {
        await this.#writeOut(event, signal);
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #writeOut(event: FunctionEvent, signal: AbortSignal): Promise<void> {
    let refusals = 0;
    for (let failures = 0; !signal.aborted; failures += 1) {
      const retry = await this.#write(event, signal);
      if (retry === undefined) return;
      if (!retry.isOutage) refusals += 1;
      if (refusals >= triesLimit) return;
      await pause(pauseMs(retry, failures), signal);
    }
  }
}

function pauseMs({ leastPauseMs }: EventRetry, failures: number): number {
  const backoffMs = firstPauseMs * 2 ** Math.min(failures, 20);
  return Math.max(leastPauseMs, Math.min(longestPauseMs, backoffMs));
}

/** Ends when the time is up or the signal aborts, whichever comes first. */
async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    signal.addEventListener('abort', end, { once: true });
  });
}

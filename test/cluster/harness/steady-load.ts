/** How often it is looked at how many requests are due. */
const tickMs = 5;

/** A machine that cannot keep up sends fewer, rather than more and more at once. */
const mostInFlight = 100;

/** Sends requests at a steady rate, whatever has become of those before. */
export class SteadyLoad {
  readonly failures: string[] = [];
  readonly #send: () => Promise<void>;
  readonly #perSecond: number;
  readonly #startedAtMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #inFlight = new Set<Promise<void>>();
  #due = 0;
  #answered = 0;

  /** @param send rejects when a request was not answered as it should */
  constructor(perSecond: number, send: () => Promise<void>) {
    this.#perSecond = perSecond;
    this.#send = send;
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** Requests that were answered as they should. */
  get answered(): number {
    return this.#answered;
  }

  /** Requests a second, since the start. */
  get rate(): number {
    return this.#answered / this.#seconds;
  }

  /** Resolves when nothing is in flight any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
  }

  get #seconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000;
  }

  #tick(): void {
    const due = Math.floor(this.#seconds * this.#perSecond);
    for (; this.#due < due; this.#due += 1) {
      if (this.#inFlight.size < mostInFlight) this.#begin();
    }
  }

  #begin(): void {
    const sent: Promise<void> = this.#send()
      .then(() => {
        this.#answered += 1;
      })
      .catch((error: unknown) => {
        this.failures.push(String(error));
      })
      .finally(() => this.#inFlight.delete(sent));
    this.#inFlight.add(sent);
  }
}

/**
 * Bytes of messages that are in memory: of those that are still arriving, that wait for a
 * pod, and that are with one. A count of events says little of it where one may have a
 * kilobyte or many megabytes.
 */
export class HeldBytes {
  readonly #max: number;
  #bytes = 0;

  /** @param max how many there may be */
  constructor(max: number) {
    this.#max = max;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns whether there is room for so many more, which are counted then */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#max) return false;
    this.#bytes += bytes;
    return true;
  }

  /** So many that were taken are there no more. */
  free(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** Node reads so much at a time: what is longer comes in pieces. */
const pieceMaxBytes = 64 * 1024;

const noBytes = Buffer.alloc(0);

/** Puts a body, or a message, together from the pieces in which it comes. */
export class BodyCollector {
  /** Whether nothing is kept of it. */
  isSkipped = false;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** All of it, where its length is known before: pieces that were kept would need the memory a second time. */
  #whole: Buffer | undefined;

  /** What has come so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** It says of itself that it has this length. */
  expect(length: number): void {
    if (!this.isSkipped && length > pieceMaxBytes) this.#whole = Buffer.allocUnsafeSlow(length);
  }

  add(piece: Buffer): void {
    if (this.#whole !== undefined && this.#bytes + piece.length <= this.#whole.length) {
      piece.copy(this.#whole, this.#bytes);
    } else if (!this.isSkipped) {
      this.#letGrow();
      this.#pieces.push(piece);
    }
    this.#bytes += piece.length;
  }

  /** Lets go what has come, and keeps nothing of the rest. */
  skip(): void {
    this.isSkipped = true;
    this.#pieces = [];
  }

  /** Hands over all of it; empty where it was skipped. */
  take(): Buffer {
    const [whole, pieces] = [this.#whole, this.#pieces];
    this.#whole = undefined;
    this.#pieces = [];
    if (whole !== undefined) return whole.subarray(0, this.#bytes);
    const [first = noBytes] = pieces;
    return pieces.length <= 1 ? first : Buffer.concat(pieces, this.#bytes);
  }

  /** It is longer than it said. */
  #letGrow(): void {
    if (this.#whole === undefined) return;
    this.#pieces.push(this.#whole.subarray(0, this.#bytes));
    this.#whole = undefined;
  }

  /** Begins anew, with the body of another message. */
  reset(): void {
    this.isSkipped = false;
    this.#pieces = [];
    this.#bytes = 0;
    this.#whole = undefined;
  }
}

import { BodyCollector } from '../body-collector.ts';

/** Bytes before each message: whether it is compressed, and its length in 32 bits (PROTOCOL-HTTP2.md). */
export const prefixBytes = 5;

/** A message as it is on the wire, not compressed. */
export function frameMessage(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(prefixBytes + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  message.copy(framed, prefixBytes);
  return framed;
}

/** Whether this is one message, whole, and nothing else. */
export function isOneMessage(framed: Buffer): boolean {
  return framed.length >= prefixBytes && framed.readUInt32BE(1) === framed.length - prefixBytes;
}

/** Whether the fields of the message can be read. */
export function isPlainMessage(framed: Buffer): boolean {
  return isOneMessage(framed) && framed[0] === 0;
}

/** Collects what comes of a message that is passed on whole. */
export class MessageCollector {
  readonly #limit: number;
  readonly #body = new BodyCollector();

  /** @param limit largest message, without its prefix */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns whether it is still within the limit, as far as it has come and by what it says of itself */
  add(chunk: Buffer): boolean {
    if (this.#body.bytes === 0 && chunk.length >= prefixBytes) {
      const length = chunk.readUInt32BE(1);
      if (length > this.#limit) return false;
      this.#body.expect(prefixBytes + length);
    }
    this.#body.add(chunk);
    return this.#body.bytes <= this.#limit + prefixBytes;
  }

  /** Hands over all that has come. */
  take(): Buffer {
    return this.#body.take();
  }
}
